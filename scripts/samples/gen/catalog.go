package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// build fills the cluster. Pods come before services, because endpoints are found by looking at pods.
func build(c *cluster) {
	c.addNamespaces()
	c.addNodes()
	for _, d := range deployments() {
		c.addDeployment(d)
		c.addBelongings(d.app, d.age)
	}
	for _, s := range statefulSets() {
		c.addStatefulSet(s)
		c.addBelongings(s.app, s.age)
	}
	for _, d := range daemonSets() {
		c.addDaemonSet(d)
		c.addBelongings(d.app, d.age)
	}
	for _, j := range jobs() {
		c.addJob(j)
	}
	backup := backups()
	c.addCronJob(backup, "1.2.0", "0 2 * * *", 90*day)
	c.addBarePods()
	c.addGames()
	for _, s := range services() {
		c.addService(s)
	}
	c.addIngresses()
	c.addConfiguration()
	c.addEvents()
}

// addBelongings adds the ConfigMap and the Secret that an app refers to.
func (c *cluster) addBelongings(a app, age time.Duration) {
	if a.config {
		c.addConfigMap(a.namespace, a.name+"-config", age, a.selector(), map[string]string{
			a.name + ".yaml":     fmt.Sprintf("listen: :%d\nlog:\n  level: info\n  format: json\n", a.port),
			"feature.flags/beta": "search,reviews",
		})
	}
	if a.secret {
		c.addSecret(a.namespace, a.name+"-secret", corev1.SecretTypeOpaque, age, map[string]string{
			"username": a.name, "password": suffix("password"+a.namespace+a.name, 20),
		})
	}
}

func shop(name, component string, port int32, cpu, memory string) app {
	return app{
		namespace: "shop", name: name, part: "storefront", component: component, image: registry + "/shop/" + name,
		port: port, probe: "/healthz", cpu: cpu, memory: memory, config: true,
	}
}

func payments(name string, port int32) app {
	return app{
		namespace: "payments", name: name, part: "payments", component: "backend", image: registry + "/payments/" + name,
		port: port, probe: "/live", cpu: "200m", memory: "256Mi", secret: true, account: "payments",
	}
}

func system(name, image string, port int32) app {
	return app{
		namespace: "kube-system", name: name, part: "cluster", component: "system", image: image,
		port: port, cpu: "50m", memory: "64Mi", account: name,
	}
}

func monitoring(name, image string, port int32) app {
	return app{
		namespace: "monitoring", name: name, part: "monitoring", component: "metrics", image: image,
		port: port, probe: "/-/healthy", cpu: "100m", memory: "512Mi", account: name,
	}
}

func store(name, image string, port int32) app {
	return app{
		namespace: "data", name: name, part: "data", component: "database", image: image,
		port: port, cpu: "500m", memory: "2Gi", config: true, secret: true,
	}
}

// settled is the usual life of a deployment: an old revision that is scaled down, if there is one, and the one that runs.
func settled(old, version string, age time.Duration, pods ...state) []revision {
	current := revision{version: version, age: age, desired: int32(len(pods)), pods: pods}
	if old == "" {
		return []revision{current}
	}
	return []revision{{version: old, age: age + 5*day}, current}
}

func deployments() []deployment {
	web := shop("web", "frontend", 8080, "250m", "256Mi")
	web.proxy = true
	fraud := payments("fraud", 9003)
	nginx := system("ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller", 80)
	return []deployment{
		// An eviction leaves its pod behind; it does not count as one of the three.
		{app: web, age: 120 * day, replicas: 3, revisions: []revision{
			{version: "2.3.0", age: 60 * day}, {version: "2.4.1", age: 9 * day, desired: 3, pods: []state{running, running, running, evicted}},
		}},
		{app: shop("cart", "backend", 8081, "200m", "256Mi"), age: 118 * day, replicas: 4, revisions: []revision{
			{version: "1.8.0", age: 40 * day, desired: 3, pods: times(3, running)},
			{version: "1.9.0", age: 6 * time.Minute, desired: 2, pods: []state{running, notReady}},
		}},
		{app: shop("catalog", "backend", 8082, "200m", "512Mi"), age: 118 * day, replicas: 3, revisions: settled("4.0.1", "4.0.2", 15*day, times(3, running)...)},
		{app: shop("checkout", "backend", 8083, "200m", "256Mi"), age: 117 * day, replicas: 2, revisions: settled("3.0.6", "3.1.0", 4*time.Hour, running, crashLoop)},
		{app: shop("search", "backend", 8084, "400m", "1Gi"), age: 100 * day, replicas: 3, stalled: true, revisions: []revision{
			{version: "0.9.4", age: 33 * day, desired: 3, pods: times(3, running)},
			{version: "0.10.0-rc1", age: 100 * time.Minute, desired: 1, pods: []state{imagePull}},
		}},
		{app: shop("recommend", "backend", 8085, "400m", "512Mi"), age: 80 * day, replicas: 2, revisions: settled("", "0.5.3", 21*day, running, restarted)},
		{app: shop("reviews", "backend", 8086, "100m", "128Mi"), age: 80 * day, replicas: 2, revisions: settled("", "1.1.1", 11*day, running, notReady)},
		{app: shop("media", "backend", 8087, "100m", "256Mi"), age: 45 * day, replicas: 1, recreate: true, revisions: settled("", "2.1.0", 2*time.Minute, creating)},
		{app: shop("thumbnailer", "worker", 8088, "100m", "256Mi"), age: 45 * day, replicas: 0, revisions: settled("1.0.0", "1.0.4", 30*day)},

		{app: payments("gateway", 9001), age: 110 * day, replicas: 3, revisions: settled("", "6.2.0", 18*day, times(3, running)...)},
		{app: payments("ledger", 9002), age: 110 * day, replicas: 2, revisions: settled("5.5.0", "5.5.1", 75*time.Minute, running, unschedulable)},
		{app: fraud, age: 95 * day, replicas: 2, paused: true, revisions: settled("", "5.0.0", 2*day, running, running)},
		{app: payments("notifier", 9004), age: 70 * day, replicas: 1, revisions: []revision{
			{version: "1.3.0", age: 12 * day}, {version: "1.3.1", age: 6 * day, desired: 1, pods: []state{running, terminating}},
		}},
		{app: payments("settlement", 9005), age: 70 * day, replicas: 2, revisions: settled("", "2.2.1", 25*day, running, running)},

		{app: system("coredns", "registry.k8s.io/coredns/coredns", 53), age: 211 * day, replicas: 2, revisions: settled("", "v1.11.3", 90*day, running, running)},
		{app: system("metrics-server", "registry.k8s.io/metrics-server/metrics-server", 10250), age: 200 * day, replicas: 1, revisions: settled("", "v0.7.2", 90*day, running)},
		{app: nginx, age: 190 * day, replicas: 2, revisions: settled("", "v1.11.3", 50*day, running, running)},
		{app: monitoring("grafana", "docker.io/grafana/grafana", 3000), age: 150 * day, replicas: 1, revisions: settled("", "11.3.1", 20*day, running)},
		{app: monitoring("kube-state-metrics", "registry.k8s.io/kube-state-metrics/kube-state-metrics", 8080), age: 150 * day, replicas: 1,
			revisions: settled("", "v2.14.0", 20*day, running)},
		{app: hello(), age: 10 * day, replicas: 2, revisions: settled("", "1.1.0", 3*day, running, running)},
	}
}

func hello() app {
	return app{
		namespace: "default", name: "hello", part: "demo", component: "web", image: registry + "/demo/hello", port: 8000, probe: "/",
		cpu: "10m", memory: "32Mi",
	}
}

func statefulSets() []statefulSet {
	ordered, parallel := appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement
	rolling, manual := appsv1.RollingUpdateStatefulSetStrategyType, appsv1.OnDeleteStatefulSetStrategyType
	return []statefulSet{
		{app: store("postgres", "docker.io/library/postgres", 5432), version: "16.4", age: 105 * day, pods: times(3, running), policy: ordered, strategy: rolling, storage: "100Gi"},
		{app: store("redis", "docker.io/library/redis", 6379), version: "7.4.1", old: "7.2.5", updated: 1, age: 105 * day,
			pods: []state{running, running, notReady}, policy: ordered, strategy: rolling, storage: "10Gi"},
		{app: store("kafka", registry+"/data/kafka", 9092), version: "3.8.0", age: 99 * day, pods: []state{running, crashLoop, running}, policy: parallel, strategy: manual, storage: "200Gi"},
		{app: monitoring("prometheus", "quay.io/prometheus/prometheus", 9090), version: "v2.55.1", age: 150 * day, pods: times(1, running), policy: parallel, strategy: rolling, storage: "200Gi"},
		{app: monitoring("alertmanager", "quay.io/prometheus/alertmanager", 9093), version: "v0.27.0", age: 150 * day, pods: times(2, running), policy: parallel, strategy: rolling, storage: "5Gi"},
		// Never came up: its image has never existed.
		{app: monitoring("trace-store", registry+"/monitoring/trace-store", 4317), version: "0.1.0", age: 50 * time.Minute, pods: times(1, imagePull), policy: ordered, strategy: rolling, storage: "50Gi"},
	}
}

func daemonSets() []daemonSet {
	rolling := appsv1.RollingUpdateDaemonSetStrategyType
	host := func(a app) app {
		a.hostNetwork, a.everywhere = true, true
		return a
	}
	collector := system("fluent-bit", registry+"/logging/fluent-bit", 2020)
	collector.everywhere, collector.config = true, true
	return []daemonSet{
		{app: host(system("kube-proxy", "registry.k8s.io/kube-proxy", 10256)), version: "v1.31.4", age: 211 * day, strategy: rolling},
		{app: host(system("calico-node", "docker.io/calico/node", 9099)), version: "v3.29.1", age: 211 * day, strategy: rolling},
		{app: collector, version: "3.2.1", age: 140 * day, strategy: appsv1.OnDeleteDaemonSetStrategyType, bad: map[string]state{"k8s-node-4": crashLoop}},
		{app: host(monitoring("node-exporter", "quay.io/prometheus/node-exporter", 9100)), version: "v1.8.2", age: 150 * day, strategy: rolling},
	}
}

func backups() app {
	return app{
		namespace: "data", name: "postgres-backup", part: "data", component: "backup", image: registry + "/data/backup",
		args: []string{"--target", "s3://backups/postgres"}, cpu: "100m", memory: "256Mi",
	}
}

func jobs() []job {
	backup := func(name string) app {
		a := backups()
		a.name = name
		return a
	}
	once := func(namespace, name string) app {
		return app{
			namespace: namespace, name: name, part: namespace, component: "job", image: registry + "/" + namespace + "/" + name,
			cpu: "100m", memory: "128Mi",
		}
	}
	return []job{
		{app: backup("postgres-backup-29396760"), version: "1.2.0", cron: "postgres-backup", age: 64 * time.Hour, pods: times(1, completed)},
		{app: backup("postgres-backup-29398200"), version: "1.2.0", cron: "postgres-backup", age: 40 * time.Hour, pods: times(1, completed)},
		{app: backup("postgres-backup-29399640"), version: "1.2.0", cron: "postgres-backup", age: 16 * time.Hour, pods: []state{failed, completed}},
		{app: once("shop", "migrate-catalog-4"), version: "4.0.2", age: 15 * day, pods: times(1, completed), deadline: new(int64(600))},
		{app: once("payments", "reconcile-november"), version: "2.2.1", age: 8 * time.Hour, pods: times(4, failed)},
		{app: once("shop", "reindex-search"), version: "0.9.4", age: 25 * time.Minute, pods: times(1, running)},
	}
}

func services() []service {
	services := []service{
		{namespace: "default", name: "kubernetes", kind: corev1.ServiceTypeClusterIP, clusterIP: "10.96.0.1", port: 443, target: 6443,
			outside: []string{"10.0.1.11"}, age: 212 * day},
		// A database outside the cluster: no selector, endpoints written by hand.
		{namespace: "data", name: "external-mysql", kind: corev1.ServiceTypeClusterIP, port: 3306, target: 3306,
			outside: []string{"10.9.0.31", "10.9.0.32"}, age: 60 * day},
		{namespace: "kube-system", name: "kube-dns", selector: system("coredns", "", 53).selector(), kind: corev1.ServiceTypeClusterIP,
			clusterIP: "10.96.0.10", port: 53, target: 53, udp: true, age: 211 * day},
		{namespace: "payments", name: "gateway-internal", selector: payments("gateway", 9001).selector(), kind: corev1.ServiceTypeLoadBalancer,
			port: 443, target: 9001, nodePort: 31443, balancer: "10.0.9.40", age: 60 * day,
			annotations: map[string]string{"service.kubernetes.io/qcloud-loadbalancer-internal": "subnet-4d7fkz2a", "service.kubernetes.io/loadbalance-id": "lb-9ax2mcqe"}},
		// Its load balancer is still being made.
		{namespace: "monitoring", name: "grafana-public", selector: monitoring("grafana", "", 3000).selector(), kind: corev1.ServiceTypeLoadBalancer,
			port: 80, target: 3000, nodePort: 31300, age: 9 * time.Minute},
		{namespace: "arena", name: "lobby", selector: gameApp("lobby").selector(), kind: corev1.ServiceTypeNodePort, port: 7000, target: 7000,
			nodePort: 30700, udp: true, age: 30 * day},
		{namespace: "monitoring", name: "retired-dashboard", selector: map[string]string{"app.kubernetes.io/name": "retired-dashboard"},
			kind: corev1.ServiceTypeClusterIP, port: 80, target: 80, age: 140 * day},
	}
	for _, d := range deployments() {
		switch d.name {
		case "coredns":
			continue
		case "web", "ingress-nginx-controller":
			services = append(services, balanced(d))
		case "gateway":
			s := serviceOf(d.app, 443, d.age)
			s.kind, s.nodePort = corev1.ServiceTypeNodePort, 30443
			services = append(services, s)
		default:
			services = append(services, serviceOf(d.app, 80, d.age))
		}
	}
	for _, set := range statefulSets() {
		s := serviceOf(set.app, set.port, set.age)
		s.headless = true
		services = append(services, s)
	}
	return services
}

// balanced is a service with a public address.
func balanced(d deployment) service {
	s := serviceOf(d.app, 80, d.age)
	s.kind, s.nodePort, s.balancer = corev1.ServiceTypeLoadBalancer, 31080, "198.51.100.10"
	s.annotations = map[string]string{"service.kubernetes.io/loadbalance-id": "lb-2k8vhx0d"}
	if d.namespace == "kube-system" {
		s.nodePort, s.balancer = 31081, "198.51.100.20"
		s.annotations = map[string]string{"service.kubernetes.io/qcloud-loadbalancer-id": "lb-7qn5wz1t"}
	}
	return s
}

func (c *cluster) addIngresses() {
	c.addIngress("shop", "storefront", "shop-tls", 100*day,
		route{"www.shop.example.com", "/", "web"}, route{"www.shop.example.com", "/api/cart", "cart"}, route{"www.shop.example.com", "/api/search", "search"})
	c.addIngress("shop", "media", "", 45*day, route{"media.shop.example.com", "/", "media"})
	c.addIngress("payments", "gateway", "payments-tls", 100*day, route{"pay.example.com", "/", "gateway"})
	c.addIngress("monitoring", "grafana", "grafana-tls", 150*day, route{"grafana.example.com", "/", "grafana"})
	c.addIngress("monitoring", "prometheus", "", 150*day, route{"prometheus.example.com", "/", "prometheus"})
	c.addIngress("default", "hello", "", 10*day, route{"hello.example.com", "/", "hello"})
}

func (c *cluster) addConfiguration() {
	for _, ns := range namespaces() {
		c.addConfigMap(ns, "kube-root-ca.crt", 200*day, nil, map[string]string{"ca.crt": certificate("root")})
		if ns != "kube-system" && ns != "legacy" {
			c.addSecret(ns, "registry-login", corev1.SecretTypeDockerConfigJson, 100*day, map[string]string{
				corev1.DockerConfigJsonKey: `{"auths":{"registry.example.com":{"auth":"cHVsbDpwdWxs"}}}`,
			})
		}
	}
	c.addConfigMap("kube-system", "coredns", 211*day, nil, map[string]string{"Corefile": ".:53 {\n    errors\n    health\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n}\n"})
	c.addConfigMap("kube-system", "kube-proxy", 211*day, map[string]string{"app": "kube-proxy"}, map[string]string{"config.conf": "mode: ipvs\n"})
	// Everything that a store may trip over: dots and dollars in keys, a fullwidth dot in a value, markup, big numbers.
	c.addConfigMap("default", "odd-keys", 5*day, map[string]string{"example.com/odd": "yes"}, map[string]string{
		"a.b.c": "dots", "price.in-$": "9007199254740993", "$set": "dollar", "fullwidth": "１．２．３", "html": "<b>&amp;</b>", "空": "中文",
	})
	c.addConfigMap("legacy", "kept-by-finalizer", 150*day, nil, map[string]string{"note": "its controller is gone"})
	last := c.objects[len(c.objects)-1].(*corev1.ConfigMap)
	last.Finalizers, last.DeletionTimestamp = []string{"example.com/audit"}, new(ago(26*time.Hour))
	last.DeletionGracePeriodSeconds = new(int64(0))
	for _, tls := range []struct{ namespace, name string }{{"shop", "shop-tls"}, {"payments", "payments-tls"}, {"monitoring", "grafana-tls"}} {
		c.addSecret(tls.namespace, tls.name, corev1.SecretTypeTLS, 80*day, map[string]string{
			corev1.TLSCertKey: certificate(tls.name), corev1.TLSPrivateKeyKey: "not a key " + digest(tls.name),
		})
	}
	for _, release := range []string{"ingress-nginx.v3", "prometheus.v7", "prometheus.v8"} {
		c.addSecret("kube-system", "sh.helm.release.v1."+release, "helm.sh/release.v1", 50*day, map[string]string{"release": digest(release)})
	}
	c.addSecret("default", "robot-token", corev1.SecretTypeServiceAccountToken, 30*day, map[string]string{"namespace": "default", "token": digest("robot")})
	token := c.objects[len(c.objects)-1].(*corev1.Secret)
	token.Annotations = map[string]string{corev1.ServiceAccountNameKey: "robot", corev1.ServiceAccountUIDKey: string(uid("ServiceAccount", "default", "robot"))}
}

// addBarePods adds pods that no controller looks after: people's, and the control plane's own.
func (c *cluster) addBarePods() {
	bare := func(name string, s state, age time.Duration) {
		spec := app{namespace: "default", name: name, image: registry + "/tools/shell", cpu: "10m", memory: "64Mi"}.template("1.0").Spec
		spec.RestartPolicy = corev1.RestartPolicyNever
		if s == unschedulable {
			spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = spec.Containers[0].Resources.Limits[corev1.ResourceMemory].DeepCopy()
			spec.NodeSelector = map[string]string{"example.com/gpu": "a100"}
		}
		c.addPod(podSpec{namespace: "default", name: name, labels: map[string]string{"run": name}, spec: spec, state: s, created: ago(age)})
	}
	bare("debug-shell", running, 5*time.Hour)
	bare("load-test", completed, 30*time.Hour)
	bare("net-check", failed, 28*time.Hour)
	bare("gpu-trial", unschedulable, 35*time.Minute)
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		c.addStaticPod(name)
	}
}

func (c *cluster) addStaticPod(name string) {
	n := c.nodes[0]
	a := system(name, "registry.k8s.io/"+name, 0)
	a.hostNetwork, a.account = true, ""
	template := a.template("v1.31.4")
	template.Spec.PriorityClassName = "system-node-critical"
	c.addPod(podSpec{
		namespace: "kube-system", name: name + "-" + n.name, labels: map[string]string{"component": name, "tier": "control-plane"},
		annotations: map[string]string{"kubernetes.io/config.source": "file", "kubernetes.io/config.hash": digest(name)[:32]},
		owner:       []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: n.name, UID: uid("Node", "", n.name), Controller: new(true)}},
		spec:        template.Spec, state: running, created: ago(90 * day), node: n,
	})
}

func gameApp(name string) app {
	return app{
		namespace: "arena", name: name, part: "arena", component: "game", image: registry + "/arena/" + name, port: 7000,
		cpu: "500m", memory: "512Mi",
	}
}

// addGames adds a custom resource definition, resources of it, and the pods that its controller has made.
func (c *cluster) addGames() {
	const group, version = "tkex.tencent.com", "v1alpha1"
	c.addUntyped("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gamedeployments."+group, 60*day, map[string]any{
		"spec": map[string]any{
			"group": group, "scope": "Namespaced", "conversion": map[string]any{"strategy": "None"},
			"names": map[string]any{"kind": "GameDeployment", "listKind": "GameDeploymentList", "plural": "gamedeployments", "singular": "gamedeployment"},
			"versions": []any{map[string]any{
				"name": version, "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
		"status": map[string]any{
			"acceptedNames":  map[string]any{"kind": "GameDeployment", "listKind": "GameDeploymentList", "plural": "gamedeployments", "singular": "gamedeployment"},
			"storedVersions": []any{version},
			"conditions": []any{map[string]any{
				"type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted",
				"lastTransitionTime": ago(60 * day),
			}},
		},
	})
	for _, game := range []struct {
		name string
		pods []state
	}{{"lobby", times(3, running)}, {"match", []state{running, crashLoop}}, {"replay", nil}} {
		c.addGame(group+"/"+version, gameApp(game.name), game.pods)
	}
}

func (c *cluster) addGame(version string, a app, pods []state) {
	revision := suffix(a.name, 10)
	template := a.template("1.4.0")
	template.Labels["tkex.bkbcs.tencent.com/gamedeployment-revision"] = revision
	ready := int64(0)
	for i, s := range pods {
		if s == running {
			ready++
		}
		c.addPod(podSpec{
			namespace: a.namespace, name: a.name + "-" + suffix(fmt.Sprint(a.name, i), 5), prefix: a.name + "-", labels: template.Labels,
			owner: owner(version, "GameDeployment", a.namespace, a.name), spec: template.Spec, state: s, created: ago(30*day - time.Duration(i)*time.Hour),
		})
	}
	n := int64(len(pods))
	c.addUntyped(version, "GameDeployment", a.namespace, a.name, 30*day, map[string]any{
		"spec": map[string]any{
			"replicas": n, "selector": map[string]any{"matchLabels": a.selector()}, "template": template,
			"updateStrategy": map[string]any{"type": "InplaceUpdate", "partition": 0, "maxUnavailable": "20%"},
		},
		"status": map[string]any{
			"observedGeneration": 1, "replicas": n, "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": n,
			"updateRevision": a.name + "-" + revision, "labelSelector": "app.kubernetes.io/name=" + a.name,
		},
	})
}

// addUntyped adds an object whose type this module has no Go type for.
func (c *cluster) addUntyped(version, kind, namespace, name string, age time.Duration, rest map[string]any) {
	m := meta(namespace, name, ago(age), map[string]string{"app.kubernetes.io/name": name})
	m.UID, m.ResourceVersion, m.Generation = uid(kind, namespace, name), c.nextVersion(), 1
	o := map[string]any{"apiVersion": version, "kind": kind, "metadata": m}
	maps.Copy(o, rest)
	c.objects = append(c.objects, o)
}

// addEvents adds what the components have said about the state of things.
func (c *cluster) addEvents() {
	for _, pod := range c.pods {
		c.addPodEvents(pod)
	}
	deployment := func(namespace, name string) corev1.ObjectReference {
		return reference("apps/v1", "Deployment", namespace, name)
	}
	controller := corev1.EventSource{Component: "deployment-controller"}
	c.addEvent(deployment("shop", "cart"), "Normal", "ScalingReplicaSet", "Scaled up replica set cart-"+suffix("shopcart1.9.0", 10)+" from 0 to 2", controller, 6*time.Minute, 0, 1)
	c.addEvent(deployment("shop", "cart"), "Normal", "ScalingReplicaSet", "Scaled down replica set cart-"+suffix("shopcart1.8.0", 10)+" from 4 to 3", controller, 5*time.Minute, 0, 1)
	c.addEvent(deployment("shop", "search"), "Normal", "ScalingReplicaSet", "Scaled up replica set search-"+suffix("shopsearch0.10.0-rc1", 10)+" from 0 to 1", controller, 100*time.Minute, 0, 1)
	c.addEvent(deployment("shop", "media"), "Normal", "ScalingReplicaSet", "Scaled up replica set media-"+suffix("shopmedia2.1.0", 10)+" from 0 to 1", controller, 2*time.Minute, 0, 1)
	c.addEvent(reference("batch/v1", "Job", "payments", "reconcile-november"), "Warning", "BackoffLimitExceeded", "Job has reached the specified backoff limit",
		corev1.EventSource{Component: "job-controller"}, 8*time.Hour, 0, 1)
	c.addEvent(reference("v1", "Service", "monitoring", "grafana-public"), "Normal", "EnsuringLoadBalancer", "Ensuring load balancer",
		corev1.EventSource{Component: "service-controller"}, 9*time.Minute, time.Minute, 6)
	c.addEvent(reference("v1", "Service", "monitoring", "grafana-public"), "Warning", "SyncLoadBalancerFailed", "Error syncing load balancer: quota of load balancers exceeded",
		corev1.EventSource{Component: "service-controller"}, 9*time.Minute, time.Minute, 5)
	node := func(name string) corev1.ObjectReference {
		return corev1.ObjectReference{Kind: "Node", Name: name, UID: uid("Node", "", name)}
	}
	c.addEvent(node("k8s-node-6"), "Normal", "NodeNotReady", "Node k8s-node-6 status is now: NodeNotReady", corev1.EventSource{Component: "node-controller"}, 3*time.Hour, 0, 1)
	c.addEvent(node("k8s-node-4"), "Warning", "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", corev1.EventSource{Component: "kubelet", Host: "k8s-node-4"}, 42*time.Minute, 30*time.Second, 9)
	c.addEvent(node("k8s-node-4"), "Normal", "NodeHasDiskPressure", "Node k8s-node-4 status is now: NodeHasDiskPressure", corev1.EventSource{Component: "kubelet", Host: "k8s-node-4"}, 40*time.Minute, 0, 1)
}

func reference(version, kind, namespace, name string) corev1.ObjectReference {
	return corev1.ObjectReference{APIVersion: version, Kind: kind, Namespace: namespace, Name: name, UID: uid(kind, namespace, name)}
}

func (c *cluster) addPodEvents(pod *corev1.Pod) {
	about := reference("v1", "Pod", pod.Namespace, pod.Name)
	kubelet := corev1.EventSource{Component: "kubelet", Host: pod.Spec.NodeName}
	first := pod.Spec.Containers[0]
	say := func(level, reason, message string, from, to time.Duration, count int32) {
		c.addEvent(about, level, reason, message, kubelet, from, to, count)
	}
	if pod.Status.Reason == "Evicted" {
		say("Warning", "Evicted", pod.Status.Message, 41*time.Minute, 0, 1)
		return
	}
	if pod.Spec.NodeName == "" {
		c.addScheduling(about, noNode, "Warning", "FailedScheduling", now().Sub(pod.CreationTimestamp.Time))
		return
	}
	switch waiting(pod) {
	case "CrashLoopBackOff":
		say("Warning", "BackOff", "Back-off restarting failed container "+first.Name+" in pod "+pod.Name, 3*time.Hour, 2*time.Minute, 61)
		say("Normal", "Pulled", fmt.Sprintf("Container image %q already present on machine", first.Image), 3*time.Hour, 4*time.Minute, 24)
	case "ImagePullBackOff":
		say("Warning", "Failed", fmt.Sprintf("Failed to pull image %q: not found", first.Image), 49*time.Minute, 12*time.Minute, 7)
		say("Normal", "BackOff", fmt.Sprintf("Back-off pulling image %q", first.Image), 49*time.Minute, time.Minute, 130)
	case "ContainerCreating":
		c.addScheduling(about, fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, pod.Spec.NodeName), "Normal", "Scheduled", 2*time.Minute)
		say("Warning", "FailedMount", "MountVolume.SetUp failed for volume \"config\" : failed to sync configmap cache: timed out waiting for the condition", 110*time.Second, 20*time.Second, 6)
	case "":
		age := now().Sub(pod.CreationTimestamp.Time)
		if pod.Status.Phase == corev1.PodRunning && unhealthy(pod) {
			since := min(age-15*time.Second, 90*time.Minute)
			say("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", since, 10*time.Second, int32(since/(5*time.Second)))
		}
		if age < 2*time.Hour {
			say("Normal", "Created", "Created container "+first.Name, age-5*time.Second, 0, 1)
			say("Normal", "Started", "Started container "+first.Name, age-6*time.Second, 0, 1)
		}
	}
}

func waiting(pod *corev1.Pod) string {
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil {
			return s.State.Waiting.Reason
		}
	}
	return ""
}

func unhealthy(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.State.Running != nil && !s.Ready })
}

// addEvent adds an event of a component that still writes them the old way: from..to ago, counted.
func (c *cluster) addEvent(about corev1.ObjectReference, level, reason, message string, source corev1.EventSource, from, to time.Duration, count int32) {
	if to == 0 {
		to = from
	}
	e := newEvent(about, level, reason, message, ago(from))
	e.Source, e.Count = source, count
	e.ReportingController, e.ReportingInstance = source.Component, source.Host
	e.FirstTimestamp, e.LastTimestamp = ago(from), ago(to)
	c.add("v1", "Event", e)
}

// addScheduling adds an event of the scheduler, which writes them the new way: eventTime, and both older times null.
func (c *cluster) addScheduling(about corev1.ObjectReference, message, level, reason string, age time.Duration) {
	e := newEvent(about, level, reason, message, ago(age))
	e.EventTime = microTime(ago(age))
	e.ReportingController, e.ReportingInstance = "default-scheduler", "default-scheduler-k8s-master-1"
	e.Action = "Scheduling"
	c.add("v1", "Event", e)
}

func newEvent(about corev1.ObjectReference, level, reason, message string, at metav1.Time) *corev1.Event {
	namespace := about.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault // where events about the cluster's own objects go
	}
	name := about.Name + "." + digest(about.Kind + about.Name + reason + message)[:16]
	return &corev1.Event{
		ObjectMeta: meta(namespace, name, at, nil), InvolvedObject: about, Type: level, Reason: reason, Message: message,
	}
}
