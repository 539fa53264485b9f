"""Faster R-CNN (Ren et al. 2015) as torchvision trains it on COCO: objects, their classes and confidences."""
