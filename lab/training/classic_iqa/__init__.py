"""The baselines that learn: BRISQUE's regression and NIQE's model of good pictures, fitted and evaluated."""
