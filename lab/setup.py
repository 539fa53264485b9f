"""Maps this folder to the package `lab`, and the weights to its folder; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    package_dir={"lab": ".", "lab.weights": "../weights"},
    # A folder that is put on the path of other processes is no package to `find_packages`.
    packages=[
        "lab",
        "lab.weights",
        "lab.bench.endurance.preload",
        *(f"lab.{name}" for name in find_packages(".", exclude=["build*", "dist*"])),
    ],
    include_package_data=False,
)
