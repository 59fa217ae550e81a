package packages

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	security "k8s.io/pod-security-admission/api"
	securitychecks "k8s.io/pod-security-admission/policy"
)

const (
	chartDir = deploy + "/helm/bcs-storage"
	release  = "try"
)

// rendered is what a set of values gives.
type rendered struct {
	objects []runtime.Object
	notes   string
}

func render(t *testing.T, values map[string]any) (rendered, error) {
	t.Helper()
	loaded, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	capabilities := *chartutil.DefaultCapabilities
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"} // the oldest that Chart.yaml names
	if !chartutil.IsCompatibleRange(loaded.Metadata.KubeVersion, capabilities.KubeVersion.Version) {
		t.Fatalf("%s is not for Kubernetes %s", loaded.Metadata.KubeVersion, capabilities.KubeVersion)
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: "stores", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(loaded, values, options, &capabilities) // holds them against the schema
	if err != nil {
		return rendered{}, err
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		return rendered{}, err
	}
	var r rendered
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch path.Base(name) {
		case "NOTES.txt":
			r.notes = files[name]
		default:
			r.objects = append(r.objects, decode(t, files[name])...)
		}
	}
	return r, nil
}

// decode takes the documents as a server does that refuses unknown fields.
func decode(t *testing.T, manifest string) []runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme, monitoring.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	documents := yaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(manifest)))
	var objects []runtime.Object
	for buffer := make([]byte, 1<<20); ; {
		n, err := documents.Read(buffer)
		if err == io.EOF {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		document := bytes.TrimSpace(buffer[:n])
		if len(document) == 0 {
			continue
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			t.Errorf("%v in\n%s", err, document)
			continue
		}
		objects = append(objects, object)
	}
}

func readValues(t *testing.T, set string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chartDir, "ci", set+"-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// sets names the files of ci/ and the kinds that each of them makes.
var sets = map[string]string{
	"embedded":     "ConfigMap Pod Service ServiceAccount StatefulSet",
	"distributed":  "ConfigMap Deployment Pod PodDisruptionBudget Service ServiceAccount",
	"mixed":        "ConfigMap Pod Service ServiceAccount StatefulSet",
	"access":       "ConfigMap Service ServiceAccount StatefulSet",
	"all":          "ConfigMap Deployment NetworkPolicy PodDisruptionBudget PodMonitor Service ServiceAccount",
	"embedded-all": "ConfigMap NetworkPolicy Pod Service StatefulSet",
}

func TestSetsAreFiles(t *testing.T) {
	files, err := filepath.Glob(chartDir + "/ci/*-values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		got = append(got, strings.TrimSuffix(filepath.Base(file), "-values.yaml"))
	}
	if want := slices.Sorted(maps.Keys(sets)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("ci/ has %v, want %v", got, want)
	}
}

func TestChartLint(t *testing.T) {
	for set := range sets {
		t.Run(set, func(t *testing.T) {
			for _, m := range lint.All(chartDir, readValues(t, set), "stores", true).Messages {
				// An icon is only advice, and the one that lint has for this chart.
				if m.Severity > support.InfoSev || !strings.Contains(m.Err.Error(), "icon is recommended") {
					t.Error(m)
				}
			}
		})
	}
}

func TestChart(t *testing.T) {
	for set, kinds := range sets {
		t.Run(set, func(t *testing.T) {
			r, err := render(t, readValues(t, set))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, object := range r.objects {
				got = append(got, object.GetObjectKind().GroupVersionKind().Kind)
			}
			if slices.Sort(got); strings.Join(got, " ") != kinds {
				t.Errorf("it has %v, want %s", got, kinds)
			}
			w := theWorkload(t, r)
			checkPods(t, r)
			checkSelectors(t, r, w)
			checkPorts(t, r, w)
			checkSettings(t, r, w)
			if !strings.Contains(r.notes, "/bcsapi/v4/storage") {
				t.Errorf("notes: %s", r.notes)
			}
		})
	}
}

// workload is the Deployment or the StatefulSet.
type workload struct {
	selector *metav1.LabelSelector
	template core.PodTemplateSpec
	claims   []core.PersistentVolumeClaim
}

func (w workload) container() core.Container { return w.template.Spec.Containers[0] }

func theWorkload(t *testing.T, r rendered) workload {
	t.Helper()
	for _, object := range r.objects {
		switch o := object.(type) {
		case *apps.Deployment:
			return workload{o.Spec.Selector, o.Spec.Template, nil}
		case *apps.StatefulSet:
			if *o.Spec.Replicas != 1 {
				t.Errorf("%d replicas on one set of files", *o.Spec.Replicas)
			}
			return workload{o.Spec.Selector, o.Spec.Template, o.Spec.VolumeClaimTemplates}
		}
	}
	t.Fatal("no workload")
	return workload{}
}

// checkPods holds every pod against the strictest of Kubernetes' Pod Security Standards, and more.
func checkPods(t *testing.T, r rendered) {
	t.Helper()
	evaluator, err := securitychecks.NewEvaluator(securitychecks.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := security.LevelVersion{Level: security.LevelRestricted, Version: security.LatestVersion()}
	for _, object := range r.objects {
		var meta metav1.ObjectMeta
		var spec core.PodSpec
		switch o := object.(type) {
		case *core.Pod:
			meta, spec = o.ObjectMeta, o.Spec
		case *apps.Deployment:
			meta, spec = o.Spec.Template.ObjectMeta, o.Spec.Template.Spec
		case *apps.StatefulSet:
			meta, spec = o.Spec.Template.ObjectMeta, o.Spec.Template.Spec
		default:
			continue
		}
		for _, check := range evaluator.EvaluatePod(restricted, &meta, &spec) {
			if !check.Allowed {
				t.Errorf("%T: %s: %s", object, check.ForbiddenReason, check.ForbiddenDetail)
			}
		}
		if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
			t.Errorf("%T gets a token", object)
		}
		if only := spec.Containers[0].SecurityContext; only.ReadOnlyRootFilesystem == nil || !*only.ReadOnlyRootFilesystem {
			t.Errorf("%T may write to its image", object)
		}
	}
}

// checkSelectors sees to it that everything that selects pods selects those of the workload, and not that of the test.
func checkSelectors(t *testing.T, r rendered, w workload) {
	t.Helper()
	selectors := map[string]*metav1.LabelSelector{"workload": w.selector}
	for i, spread := range w.template.Spec.TopologySpreadConstraints {
		selectors[fmt.Sprint("spread ", i)] = spread.LabelSelector
	}
	for _, object := range r.objects {
		switch o := object.(type) {
		case *core.Service:
			selectors["Service"] = &metav1.LabelSelector{MatchLabels: o.Spec.Selector}
		case *policy.PodDisruptionBudget:
			selectors["PodDisruptionBudget"] = o.Spec.Selector
		case *networking.NetworkPolicy:
			selectors["NetworkPolicy"] = &o.Spec.PodSelector
		case *monitoring.PodMonitor:
			selectors["PodMonitor"] = &o.Spec.Selector
		}
	}
	for name, s := range selectors {
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if selector.Empty() || !selector.Matches(labels.Set(w.template.Labels)) {
			t.Errorf("%s selects %s, the pods have %v", name, selector, w.template.Labels)
		}
		for _, object := range r.objects {
			if pod, ok := object.(*core.Pod); ok && selector.Matches(labels.Set(pod.Labels)) {
				t.Errorf("%s selects the pod of the test", name)
			}
		}
	}
}

// checkPorts sees to it that ports that are named have that name in the container.
func checkPorts(t *testing.T, r rendered, w workload) {
	t.Helper()
	c := w.container()
	var named []string
	for _, probe := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		if probe.HTTPGet != nil {
			named = append(named, probe.HTTPGet.Port.StrVal)
		} else if probe.Exec == nil {
			t.Errorf("a probe of nothing: %v", probe)
		}
	}
	for _, object := range r.objects {
		switch o := object.(type) {
		case *core.Service:
			named = append(named, o.Spec.Ports[0].TargetPort.StrVal)
		case *networking.NetworkPolicy:
			for _, rule := range o.Spec.Ingress {
				named = append(named, rule.Ports[0].Port.StrVal)
			}
		case *monitoring.PodMonitor:
			named = append(named, *o.Spec.PodMetricsEndpoints[0].Port)
		}
	}
	for _, name := range named {
		if !slices.ContainsFunc(c.Ports, func(p core.ContainerPort) bool { return p.Name == name }) {
			t.Errorf("the container has no port %q", name)
		}
	}
}

// mounted is a file or folder that a setting names.
var mounted = regexp.MustCompile(`(?m): "?((?:/run|/data|/etc)(?:/[^\s"]*)?)"?$`)

// checkSettings lets the program read the ConfigMap with the container's variables, and looks for the files that it names.
func checkSettings(t *testing.T, r rendered, w workload) {
	t.Helper()
	var file, printed string
	for _, object := range r.objects {
		if o, ok := object.(*core.ConfigMap); ok {
			file = o.Data["bcs-storage.yaml"]
		}
	}
	at := filepath.Join(t.TempDir(), "bcs-storage.yaml")
	if err := os.WriteFile(at, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var environ []string
	for _, e := range w.container().Env {
		if e.ValueFrom != nil {
			e.Value = "mongodb://user:password@mongodb:27017/"
		}
		environ = append(environ, e.Name+"="+e.Value)
	}
	printed, err := settings(t, at, environ...)
	if err != nil {
		t.Errorf("%v with %v and\n%s", err, environ, file)
	}

	volumes := map[string]bool{}
	for _, v := range w.template.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, v := range w.claims {
		volumes[v.Name] = true
	}
	var mounts []string
	for _, m := range w.container().VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("there is no volume %q", m.Name)
		}
		delete(volumes, m.Name)
		mounts = append(mounts, m.MountPath)
	}
	if len(volumes) > 0 {
		t.Errorf("nothing mounts %v", slices.Collect(maps.Keys(volumes)))
	}
	named := []string{w.container().Args[2]}
	for _, match := range mounted.FindAllStringSubmatch(file, -1) {
		named = append(named, match[1])
	}
	embedded := strings.Contains(printed, "storage: sqlite") || strings.Contains(printed, "watch: local")
	for _, name := range named {
		in := func(mount string) bool { return name == mount || path.Dir(name) == mount }
		if !slices.ContainsFunc(mounts, in) && (embedded || name != "/data") {
			t.Errorf("nothing is mounted at %s", name)
		}
	}
}

func TestChartValues(t *testing.T) {
	r, err := render(t, readValues(t, "all"))
	if err != nil {
		t.Fatal(err)
	}
	c := theWorkload(t, r).container()
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	if got := env["GOMEMLIMIT"]; got != "1152MiB" {
		t.Errorf("GOMEMLIMIT is %q", got)
	}
	if got := strings.Join(c.LivenessProbe.Exec.Command, " "); got != "/bcs-storage health --server http://127.0.0.1:9100 --live" {
		t.Errorf("the probe is %q", got)
	}
	if c.Image != "registry.example.com/team/bcs-storage:v1.2.3" {
		t.Errorf("the image is %q", c.Image)
	}
}

func TestChartRefuses(t *testing.T) {
	insecure := map[string]any{"insecure": true}
	tests := map[string]struct {
		values map[string]any
		want   []string
	}{
		"no choice":  {map[string]any{}, []string{"auth.existingSecret, or auth.insecure"}},
		"no servers": {map[string]any{"auth": insecure, "storage": "mongodb", "watch": "zookeeper"}, []string{"mongodb.existingSecret is needed", "zookeeper.servers is needed"}},
		"at odds":    {map[string]any{"auth": map[string]any{"insecure": true, "existingSecret": "t"}}, []string{"contradicts"}},
		"metrics":    {map[string]any{"auth": insecure, "metrics": map[string]any{"podMonitor": map[string]any{"enabled": true}}}, []string{"no effect without metrics.enabled"}},
		"client CA":  {map[string]any{"auth": insecure, "tls": map[string]any{"clientCA": map[string]any{"existingSecret": "ca"}}}, []string{"no effect without tls.existingSecret"}},
		"config": {
			map[string]any{"auth": insecure, "config": map[string]any{"listen": ":1", "insecureListen": false, "mongodb": map[string]any{"uri": "mongodb://u:p@m"}, "views": map[string]any{"ccs": map[string]any{"credentials": "f"}}}},
			[]string{"config.listen is set by the chart: use service.port", "config.insecureListen", "config.mongodb.uri", "config.views.ccs.credentials"},
		},
		"unknown value": {map[string]any{"auth": insecure, "replicaCount": 3}, []string{"replicaCount"}},
		"wrong word":    {map[string]any{"auth": insecure, "storage": "postgres"}, []string{"storage"}},
		"wrong type":    {map[string]any{"auth": insecure, "replicas": "3"}, []string{"replicas"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, tt.values)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %v", want, err)
				}
			}
		})
	}
}
