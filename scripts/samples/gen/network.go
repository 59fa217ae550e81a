package main

//lint:file-ignore SA1019 watchers of older clusters still report what newer ones deprecate

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type service struct {
	namespace, name string
	selector        map[string]string // nil: its endpoints are written by hand
	kind            corev1.ServiceType
	headless        bool
	clusterIP       string // "" means the next one
	port, target    int32
	udp             bool
	nodePort        int32
	balancer        string // address of its load balancer; "" means it has none yet
	annotations     map[string]string
	outside         []string // addresses of the hand-written endpoints
	age             time.Duration
}

// serviceOf is a plain service for the pods of an app.
func serviceOf(a app, port int32, age time.Duration) service {
	return service{
		namespace: a.namespace, name: a.name, selector: a.selector(), kind: corev1.ServiceTypeClusterIP,
		port: port, target: a.port, age: age,
	}
}

func (c *cluster) addService(s service) {
	if s.clusterIP == "" {
		s.clusterIP = c.nextClusterIP()
	}
	if s.headless {
		s.clusterIP = corev1.ClusterIPNone
	}
	o := &corev1.Service{ObjectMeta: meta(s.namespace, s.name, ago(s.age), map[string]string{"app.kubernetes.io/name": s.name})}
	o.Annotations = s.annotations
	o.Spec = corev1.ServiceSpec{
		Type: s.kind, ClusterIP: s.clusterIP, ClusterIPs: []string{s.clusterIP}, Selector: s.selector, Ports: s.ports(),
		SessionAffinity: corev1.ServiceAffinityNone, InternalTrafficPolicy: new(corev1.ServiceInternalTrafficPolicyCluster),
		IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, IPFamilyPolicy: new(corev1.IPFamilyPolicySingleStack),
	}
	if s.kind != corev1.ServiceTypeClusterIP {
		o.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	}
	if s.kind == corev1.ServiceTypeLoadBalancer {
		o.Spec.AllocateLoadBalancerNodePorts = new(true)
	}
	if s.balancer != "" {
		o.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: s.balancer, IPMode: new(corev1.LoadBalancerIPModeVIP)}}
	}
	c.add("v1", "Service", o)
	c.addEndpoints(s)
}

func (s service) ports() []corev1.ServicePort {
	p := corev1.ServicePort{Name: "main", Protocol: corev1.ProtocolTCP, Port: s.port, TargetPort: intstr.FromString("main"), NodePort: s.nodePort}
	if s.selector == nil {
		p.TargetPort = intstr.FromInt32(s.target)
	}
	ports := []corev1.ServicePort{p}
	if s.udp {
		u := p
		u.Name, u.Protocol = "main-udp", corev1.ProtocolUDP
		ports = append(ports, u)
	}
	return ports
}

// addEndpoints finds the addresses the way the endpoints controller does: the pods that the selector matches.
func (c *cluster) addEndpoints(s service) {
	o := &corev1.Endpoints{ObjectMeta: meta(s.namespace, s.name, ago(s.age), map[string]string{"app.kubernetes.io/name": s.name})}
	subset := corev1.EndpointSubset{}
	for _, address := range s.outside {
		subset.Addresses = append(subset.Addresses, corev1.EndpointAddress{IP: address})
	}
	if s.selector != nil {
		o.Annotations = map[string]string{"endpoints.kubernetes.io/last-change-trigger-time": ago(2 * time.Hour).Format(time.RFC3339)}
		subset.Addresses, subset.NotReadyAddresses = c.addresses(s)
	}
	for _, p := range s.ports() {
		subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: p.Name, Port: s.target, Protocol: p.Protocol})
	}
	if len(subset.Addresses)+len(subset.NotReadyAddresses) > 0 {
		o.Subsets = []corev1.EndpointSubset{subset}
	}
	c.add("v1", "Endpoints", o)
}

func (c *cluster) addresses(s service) (ready, notReady []corev1.EndpointAddress) {
	selector := labels.SelectorFromSet(s.selector)
	for _, pod := range c.pods {
		if pod.Namespace != s.namespace || pod.Status.PodIP == "" || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.DeletionTimestamp != nil {
			continue
		}
		address := corev1.EndpointAddress{
			IP: pod.Status.PodIP, NodeName: &pod.Spec.NodeName, Hostname: pod.Spec.Hostname,
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		}
		if podReady(pod) {
			ready = append(ready, address)
		} else {
			notReady = append(notReady, address)
		}
	}
	return ready, notReady
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// route is one path of an ingress.
type route struct{ host, path, service string }

func (c *cluster) addIngress(namespace, name, tls string, age time.Duration, routes ...route) {
	o := &networkingv1.Ingress{ObjectMeta: meta(namespace, name, ago(age), map[string]string{"app.kubernetes.io/part-of": namespace})}
	o.Generation = 1
	o.Annotations = map[string]string{"nginx.ingress.kubernetes.io/proxy-body-size": "8m"}
	o.Spec.IngressClassName = new("nginx")
	for _, r := range routes {
		o.Spec.Rules = append(o.Spec.Rules, networkingv1.IngressRule{
			Host: r.host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: r.path, PathType: new(networkingv1.PathTypePrefix),
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
					Name: r.service, Port: networkingv1.ServiceBackendPort{Name: "main"},
				}},
			}}}},
		})
	}
	if tls != "" {
		o.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{routes[0].host}, SecretName: tls}}
	}
	o.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "198.51.100.20"}}
	c.add("networking.k8s.io/v1", "Ingress", o)
}

func (c *cluster) addConfigMap(namespace, name string, age time.Duration, labels, data map[string]string) {
	c.add("v1", "ConfigMap", &corev1.ConfigMap{ObjectMeta: meta(namespace, name, ago(age), labels), Data: data})
}

func (c *cluster) addSecret(namespace, name string, kind corev1.SecretType, age time.Duration, data map[string]string) {
	o := &corev1.Secret{ObjectMeta: meta(namespace, name, ago(age), nil), Type: kind, Data: make(map[string][]byte)}
	for k, v := range data {
		o.Data[k] = []byte(v)
	}
	c.add("v1", "Secret", o)
}

// certificate is something that looks like one and opens nothing.
func certificate(key string) string {
	return fmt.Sprintf("-----BEGIN CERTIFICATE-----\n%s\n%s\n-----END CERTIFICATE-----\n", digest(key), digest(key+"2"))
}

func microTime(t metav1.Time) metav1.MicroTime {
	return metav1.NewMicroTime(t.Add(120 * time.Microsecond))
}
