"""Maps this folder to the package `lab`; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    package_dir={"lab": "."},
    packages=["lab", *(f"lab.{name}" for name in find_packages(".", exclude=["build*", "dist*"]))],
)
