"""MTCNN (Zhang et al. 2016, arXiv 1604.02878): faces and their five points, found in three stages."""
