"""What we look at and change: the only room that talks to Kubernetes and Google."""
