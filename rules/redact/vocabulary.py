"""Words that are nobody's: of the APIs, the tools and the field. They stay in a redacted Snapshot, and rules look at
some of them."""

from __future__ import annotations

_WORDS = """
    addon addonmanager agent ah all alpha amd64 and annotation annotations answer answers any api apis apiserver app
    apps arch are arm64 as at attached auth authentication authorization autopilot backend beta bigquery bin bridge
    bundle busybox by cannot cidrlimit cloud cluster clusterrole clusterroles clusters com common component compute
    config configmap configmaps connect connected connection container containerd containers control controller core
    cos could create critical curl curlimages custom daemon daemonset daemonsets datapath default delete deny
    deployment deployments describe dev developer disk disks distribution dns docker docker0 dynamic echo egress
    egressnatpolicies enable endpoint endpoints endpointslices ephemeral error esp etc eth0 eth1 event events exec
    export external failed failure false field firewall firewalls for forwarding forwardingrules from gateway
    gateways gce gcloud gcp gcr generation get given gk3 gke gketenancy global gmp goog google googleapis group
    groups gserviceaccount has hash health healthz host hostname hosts http https hub hugepages iam icmp id if
    import in incoming infinity instance instancegroups instanceid instances interface interfacename interfaces
    internal internet into invalid io ip ipip iptables is it its json k8s key kube kubectl kubelet kubernetes label
    lease legacy library link linux list local locations log machine machines machinetypes managed management
    manager masq masqlinklocal masqlinklocalipv6 masquerade master matchexpressions matchlabels may memory metadata
    metrics mode monitoring name names namespace namespaces nat nc net netd network networkconnectivity networking
    networkpolicies networks nic0 nic1 no node nodelocal nodepool nodes nomasq none nonmasqueradecidrs not null of
    off on only operation operations optimized or os outgoing packet packets peer peering peerings permission
    persistent pid ping pkg platform pod pods policies policy policybasedroutes pool pools port ports pressure
    private probe project projects protocol provider proxy public python3 range rangename ranges read ready
    reconcile refused region regional regions registry request requested reserved resource resources resyncinterval
    revision role roles route routed router routers routes rule rules run runtime sa says scheduler sctp secret
    secrets security selector service serviceaccount serviceaccounts servicenetworking services sh shared size sleep
    static status stderr stdout storage subnet subnets subnetwork subnetworks system tag tags target task tcp tcpudp
    template terminated termination than that the then there this timed timeout tmp to topology traffic true try
    tunnel tunnels type udp unreachable unschedulable update user users usr value version volume volumes vpc vpn was
    watch wayhome web wget with workload workloads www x86 yaml yes yml zonal zone zones
"""

WORDS = frozenset(_WORDS.split())
