package ccs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bcs-storage/handlers/cluster"
)

// mesosStatuses are the vendor's words for the statuses of applications. A status that is not
// here is judged by the instances.
var mesosStatuses = map[string]string{
	"Running":              statusNormal,
	"Staging":              statusWaiting,
	"Deploying":            statusWaiting,
	"Operating":            statusWaiting,
	"RollingUpdate":        statusUpdating,
	"Scaling":              statusUpdating,
	"RollingUpdateSuspend": statusPaused,
	"Failed":               statusAbnormal,
	"Error":                statusAbnormal,
	"Abnormal":             statusAbnormal,
	"Lost":                 statusAbnormal,
}

// mesosStates are what taskgroups, and containers of them, do by their status. One that
// is not here, or has none, waits.
var mesosStates = map[string]struct {
	state           state
	failed, leaving bool
}{
	"Running": {state: running},
	"Killing": {state: running, leaving: true},
	"Finish":  {state: terminated},
	"Killed":  {state: terminated},
	"Failed":  {state: terminated, failed: true},
	"Error":   {state: terminated, failed: true},
	"Lost":    {state: terminated, failed: true},
}

// lost is the status of a taskgroup whose host does not answer.
const lost = "Lost"

// process is the kind of a document of the application store that is none.
const process = "process"

// mesosServicesOf are the services of a mesos cluster: its applications.
func mesosServicesOf(o *cluster.Objects) []*service {
	type name struct{ namespace, name string }
	taskgroups := map[name][]instance{}
	for _, t := range o.Taskgroups {
		key := name{t.Object.Namespace, t.Object.Application}
		taskgroups[key] = append(taskgroups[key], mesosInstance(t.Object))
	}
	doors := map[string][]*cluster.MesosServiceObject{}
	for _, s := range o.MesosServices {
		doors[s.Object.Namespace] = append(doors[s.Object.Namespace], s.Object)
	}
	var all []*service
	for _, stored := range o.Applications {
		a := stored.Object
		if a.Type == process {
			continue
		}
		s := &service{
			namespace: a.Namespace, name: a.Name,
			created: mesosBirth(&stored),
			labels:  a.Labels,
			desired: a.Instance, current: a.RunningInstance,
			rollout:   rollout{updated: a.Instance, total: a.Instance},
			volumes:   []volume{},
			stated:    mesosStatuses[a.Status],
			instances: taskgroups[name{a.Namespace, a.Name}],
			access:    access{kind: accessNone, lbStatus: lbNone, ports: []portMapping{}},
			objects:   map[object]bool{{name: a.Name}: true},
		}
		for i := range s.instances {
			s.objects[object{name: s.instances[i].name}] = true
		}
		door := entry(doors[a.Namespace], a.Name, func(d *cluster.MesosServiceObject) (string, bool) {
			return d.Name, cluster.Selects(d.Spec.Selector, a.Labels)
		})
		if door != nil {
			s.selector = door.Spec.Selector
			s.access = mesosAccess(door, o.Taskgroups, a)
			s.objects[object{name: door.Name}] = true
		}
		s.containers = mesosContainers(s)
		all = append(all, s)
	}
	slices.SortStableFunc(all, compareServices)
	return all
}

// mesosBirth is when the application was made, as it says itself or else as the store does.
func mesosBirth(a *cluster.Stored[cluster.ApplicationObject]) time.Time {
	for _, t := range []time.Time{a.Object.CreateTime.Time, a.Object.CreationTimestamp.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return a.Created
}

func mesosInstance(t *cluster.TaskgroupObject) instance {
	row := mesosStates[t.Status]
	i := instance{
		name: t.Name, nodeName: t.HostName, nodeIP: t.HostIP, ip: t.PodIP,
		started: t.StartTime.Time,
		leaving: row.leaving,
		pending: row.state == unknown,
		over:    row.state == terminated,
		failed:  row.failed,
		reason:  t.Status,
	}
	if i.started.IsZero() {
		i.started = t.CreationTimestamp.Time
	}
	for _, c := range t.ContainerStatuses {
		does := mesosStates[c.Status]
		i.containers = append(i.containers, container{
			name: c.Name, id: c.ContainerID, image: c.Image,
			state: cmp.Or(does.state, waiting),
			ready: does.state == running,
			// A container that ended says how, whatever the word for it.
			failed:   does.failed || does.state == terminated && c.ExitCode != 0,
			reason:   c.Status,
			restarts: c.RestartCount,
		})
	}
	return i
}

// mesosContainers are the containers that the application's instances have: what a scheduler was
// told to run is not stored, and the names of containers hold those of their instance. So there is one
// for each image, by the name of the application.
func mesosContainers(s *service) []containerSpec {
	var images []string
	for _, i := range s.instances {
		for _, c := range i.containers {
			images = append(images, c.image)
		}
	}
	slices.Sort(images)
	specs := []containerSpec{}
	for _, image := range slices.Compact(images) {
		specs = append(specs, containerSpec{Name: s.name, Image: image})
	}
	return specs
}

// mesosAccess is how the application is reached through its service. The container's
// port is the one of its taskgroups that has the name of the service's.
func mesosAccess(door *cluster.MesosServiceObject, taskgroups []cluster.Stored[cluster.TaskgroupObject], a *cluster.ApplicationObject) access {
	ports := map[string]int{}
	for _, t := range taskgroups {
		if t.Object.Namespace != a.Namespace || t.Object.Application != a.Name {
			continue
		}
		for _, c := range t.Object.ContainerStatuses {
			for _, p := range c.Ports {
				ports[p.Name] = p.ContainerPort
			}
		}
	}
	way := access{kind: cmp.Or(door.Spec.Type, accessCluster), lbStatus: lbNone, ports: []portMapping{}}
	if len(door.Spec.ClusterIP) > 0 {
		way.serviceIP = door.Spec.ClusterIP[0]
	}
	for _, p := range door.Spec.Ports {
		way.ports = append(way.ports, portMapping{
			ContainerPort: ports[p.Name], LBPort: p.ServicePort, NodePort: p.NodePort, Protocol: strings.ToUpper(p.Protocol),
		})
	}
	return way
}

// mesosHosts are the hosts that taskgroups are on, each once, by cluster and name. A host is
// normal unless all of its taskgroups are lost.
func mesosHosts(o *cluster.Objects) []host {
	type key struct{ cluster, address string }
	at := map[key]int{}
	var hosts []host
	for _, t := range o.Taskgroups {
		k := key{t.Cluster, cmp.Or(t.Object.HostIP, t.Object.HostName)}
		if k.address == "" {
			continue // it waits for one
		}
		n, ok := at[k]
		if !ok {
			n, at[k] = len(hosts), len(hosts)
			hosts = append(hosts, host{cluster: t.Cluster, internalIP: t.Object.HostIP, reasons: []string{reasonUnknown}})
		}
		h := &hosts[n]
		h.name = cmp.Or(h.name, t.Object.HostName)
		if t.Object.Status != lost {
			h.normal, h.reasons = true, nil
		}
		h.documentMade = earliest(h.documentMade, t.Created)
		h.documentMoved = latest(h.documentMoved, t.Updated)
	}
	for n := range hosts {
		hosts[n].name = cmp.Or(hosts[n].name, hosts[n].internalIP)
		hosts[n].id = hosts[n].name
	}
	slices.SortStableFunc(hosts, compareHosts)
	return hosts
}

// mesosProjects are the namespaces of a mesos cluster: those that applications and services are in. Each is as old
// as its oldest application, or else as its oldest document.
func mesosProjects(o *cluster.Objects) []project {
	born, put := map[string]time.Time{}, map[string]time.Time{}
	for i := range o.Applications {
		a := &o.Applications[i]
		born[a.Object.Namespace] = earliest(born[a.Object.Namespace], mesosBirth(a))
		put[a.Object.Namespace] = earliest(put[a.Object.Namespace], a.Created)
	}
	for _, s := range o.MesosServices {
		put[s.Object.Namespace] = earliest(put[s.Object.Namespace], s.Created)
	}
	projects := []project{}
	for name, t := range put {
		if b := born[name]; !b.IsZero() {
			t = b
		}
		projects = append(projects, project{name: name, status: namespaceActive, created: t})
	}
	return projects
}
