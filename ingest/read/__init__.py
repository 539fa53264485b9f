"""One session with one stream: open it, keep its time, choose its frames."""
