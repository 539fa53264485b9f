"""How learned scorers come to be and how well they agree with people: samples, splits, recipes, measures, tables."""
