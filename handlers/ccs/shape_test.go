package ccs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// answersOf are the answers to the requests of the golden files for an action, by request.
func answersOf(t *testing.T, s *store, action string) map[string]any {
	t.Helper()
	answers := map[string]any{}
	for _, request := range requestsOf(t) {
		values, err := url.ParseQuery(request)
		if err != nil {
			t.Fatal(err)
		}
		if values.Get("Action") != action {
			continue
		}
		var answer map[string]any
		if decode(t, []byte(s.answer(t, request)), &answer); answer["data"] != nil {
			answers[request] = answer
		}
	}
	if len(answers) == 0 {
		t.Fatalf("no answer for %s", action)
	}
	return answers
}

// The members of these objects are data, not fields.
var freeObjects = []string{"reasonMap", "labels", "selector"}

// TestAnswersHaveTheShapeOfTheSamples: testdata/seed-*.json are the seed's sample answers, as they stand there but for
// what keeps them from being JSON (commas), a createdAt that is there twice, and "instanaces", which its
// table spells "instances". Each key of a sample is in every answer, with a value of the same JSON type; null in a sample
// says nothing about the type.
func TestAnswersHaveTheShapeOfTheSamples(t *testing.T) {
	s := samples(t)
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		action, ok := strings.CutPrefix(file.Name(), "seed-")
		if !ok {
			continue
		}
		checked++
		action = strings.TrimSuffix(action, ".json")
		var sample any
		decodeFile(t, "testdata/"+file.Name(), &sample)
		full := false
		for request, answer := range answersOf(t, s, action) {
			for _, problem := range shape(sample, answer, "") {
				t.Errorf("%s: %s", request, problem)
			}
			full = full || !hasEmptyList(answer.(map[string]any)["data"])
		}
		if !full {
			t.Errorf("every answer of %s has an empty list: nothing was compared", action)
		}
	}
	if checked != 7 {
		t.Errorf("%d samples", checked)
	}
}

func hasEmptyList(data any) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(data.(map[string]any))), func(v any) bool {
		list, ok := v.([]any)
		return ok && len(list) == 0
	})
}

// shape says what the answer lacks of the sample.
func shape(sample, answer any, path string) (problems []string) {
	if sample == nil {
		return nil
	}
	if was, is := kindOf(sample), kindOf(answer); was != is {
		return []string{fmt.Sprintf("%s is a JSON %s, not a %s", path, is, was)}
	}
	switch sample := sample.(type) {
	case map[string]any:
		answer := answer.(map[string]any)
		name := path[strings.LastIndexByte(path, '.')+1:]
		for key, value := range sample {
			got, ok := answer[key]
			switch {
			case slices.Contains(freeObjects, name):
				for other, v := range answer {
					problems = append(problems, shape(value, v, path+"."+other)...)
				}
			case !ok:
				problems = append(problems, path+"."+key+" is missing")
			default:
				problems = append(problems, shape(value, got, path+"."+key)...)
			}
		}
	case []any:
		for _, v := range answer.([]any) {
			problems = append(problems, shape(sample[0], v, path)...)
		}
	}
	return problems
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "Object"
	case []any:
		return "Array"
	case string:
		return "String"
	case float64:
		if v == float64(int64(v)) {
			return "Int"
		}
	}
	return fmt.Sprintf("%T", v)
}

// TestAnswersHaveTheFieldsOfTheTables: testdata/fields.txt are the tables of what actions answer. Each
// field is found in the answers, and wherever it is found it has its type.
func TestAnswersHaveTheFieldsOfTheTables(t *testing.T) {
	s := samples(t)
	s.putObject(kubernetes, "Deployment", "fields", "all", []byte(everyField))
	answers := map[string][]any{}
	for _, line := range lines(t, "testdata/fields.txt") {
		words := strings.Fields(line)
		action, path, want := words[0], strings.Split(words[1], "."), words[2]
		if answers[action] == nil {
			for _, a := range answersOf(t, s, action) {
				answers[action] = append(answers[action], a)
			}
			if action == "DescribeClusterServiceInfo" {
				var a any
				decode(t, []byte(s.answer(t, "Action="+action+"&namespace=fields&serviceName=all&clusterId="+kubernetes)), &a)
				answers[action] = append(answers[action], a)
			}
		}
		found := 0
		for _, a := range answers[action] {
			for _, v := range values(a.(map[string]any)["data"], path) {
				found++
				got := kindOf(v)
				if want == "Map" {
					want = "Object"
				}
				if got != want && !(got == "null" && nullable[words[1]]) {
					t.Errorf("%s: a JSON %s: %v", line, got, v)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: in no answer", line)
		}
	}
}

// nullable are the fields that may be null: the samples show them so.
var nullable = map[string]bool{
	"clusters.clusterExternalEndpoint":         true,
	"service.containers.envs":                  true,
	"service.containers.volumeMounts":          true,
	"service.containers.arguments":             true,
	"service.containers.liveProbe":             true,
	"service.containers.readyProbe":            true,
	"service.containers.liveProbe.methodTcp":   true,
	"service.containers.liveProbe.methodHttp":  true,
	"service.containers.liveProbe.methodCmd":   true,
	"service.containers.readyProbe.methodTcp":  true,
	"service.containers.readyProbe.methodHttp": true,
	"service.containers.readyProbe.methodCmd":  true,
}

// everyField is a workload of which every field of the detail view has something to show.
const everyField = `{"spec":{"template":{"spec":{
	"volumes":[{"name":"data","hostPath":{"path":"/data"}}],
	"containers":[
		{"name":"a","livenessProbe":{"exec":{"command":["/check","-v"]}}},
		{"name":"b","livenessProbe":{"httpGet":{"port":80}}},
		{"name":"c","livenessProbe":{"tcpSocket":{"port":80}}}]}}}}`

// values are all that a path leads to; a path goes through the elements of arrays.
func values(v any, path []string) []any {
	if list, ok := v.([]any); ok && len(path) > 0 {
		var all []any
		for _, e := range list {
			all = append(all, values(e, path)...)
		}
		return all
	}
	if len(path) == 0 {
		return []any{v}
	}
	if object, ok := v.(map[string]any); ok {
		if next, ok := object[path[0]]; ok {
			return values(next, path[1:])
		}
	}
	return nil
}

// TestShapeSeesWhatIsWrong: the comparison of shapes can fail.
func TestShapeSeesWhatIsWrong(t *testing.T) {
	const sample = `{"a":1,"b":{"c":"x"},"d":[{"e":1}],"f":null,"labels":{"k":"v"}}`
	for answer, want := range map[string]int{
		sample: 0,
		`{"a":1,"b":{"c":"x"},"d":[],"f":[1],"labels":{},"more":1}`:                       0,
		`{"b":{"c":"x"},"d":[{"e":1}],"f":null,"labels":{}}`:                              1,
		`{"a":"1","b":{"c":1},"d":[{"e":1},{"e":null},{}],"f":null,"labels":{"other":1}}`: 5,
		`{"a":1.5,"b":null,"d":{},"f":0,"labels":[]}`:                                     4,
	} {
		var s, a any
		decode(t, []byte(sample), &s)
		decode(t, []byte(answer), &a)
		if got := shape(s, a, ""); len(got) != want {
			t.Errorf("%s: %q", answer, got)
		}
	}
	if !json.Valid([]byte(everyField)) {
		t.Error("everyField is no JSON")
	}
}
