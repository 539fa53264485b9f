"""How the bundled weights came to be: data sets as distributed, recipes, evaluation protocols, model cards."""
