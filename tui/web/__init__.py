"""The app in a browser, for a class: on loopback, on lab scenarios alone."""
