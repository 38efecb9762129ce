"""The lab's Kubernetes: an API server over the store, and the controllers that make its objects live."""
