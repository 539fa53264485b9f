"""Write the tables of metrics and models, after a change of either:  python -m deploy.metric_table

They are detectors/metric_table.json and detectors/models/model_table.json.
"""

from detectors import metric_table
from detectors.models import model_table
from detectors.models.catalogue import MODELS
from detectors.registry import METRICS

if __name__ == "__main__":
    metric_table.TABLE.write_text(metric_table.render_metric_table(METRICS), encoding="utf-8")
    model_table.TABLE.write_text(model_table.render_model_table(MODELS.values()), encoding="utf-8")
