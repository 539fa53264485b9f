"""How well faces are found, and how that falls with a picture's quality: surveillance IQA Table 1 and the gate."""
