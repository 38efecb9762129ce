"""The fabric that carries the lab's packets on a real kernel: namespaces, veth, routing tables, iptables."""
