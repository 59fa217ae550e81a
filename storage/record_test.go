package storage_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"bcs-storage/storage"
)

var (
	created = time.Date(2018, 3, 14, 10, 1, 38, 5e6, time.UTC)
	updated = time.Date(2018, 3, 15, 8, 0, 0, 999e3, time.UTC)
)

const (
	createdJSON = `"createTime":"2018-03-14T10:01:38.005Z"`
	updatedJSON = `"updateTime":"2018-03-15T08:00:00.000Z"`
)

func TestRecordAppendJSON(t *testing.T) {
	for _, tc := range []struct {
		name string
		rec  storage.Record
		want string
	}{
		{"everything", storage.Record{ID: "c/Pod/ns/p", Body: []byte(`{"a":1,"b":[2]}`), Created: created, Updated: updated}, `{"_id":"c/Pod/ns/p","a":1,"b":[2],` + createdJSON + `,` + updatedJSON + `}`},
		{"no updateTime", storage.Record{ID: "i", Body: []byte(`{"a":1}`), Created: created}, `{"_id":"i","a":1,` + createdJSON + `}`},
		{"no id", storage.Record{Body: []byte(`{"a":1}`), Created: created}, `{"a":1,` + createdJSON + `}`},
		{"only a body", storage.Record{Body: []byte(`{"a":1}`)}, `{"a":1}`},
		{"empty body", storage.Record{ID: "i", Body: []byte(`{}`), Created: created}, `{"_id":"i",` + createdJSON + `}`},
		{"empty body of white space", storage.Record{ID: "i", Body: []byte("{ \n\t}")}, `{"_id":"i"}`},
		{"nothing", storage.Record{Body: []byte(`{}`)}, `{}`},
		{"no body", storage.Record{ID: "i"}, `{"_id":"i"}`},
		{"white space inside is kept", storage.Record{ID: "i", Body: []byte("{ \"a\" : 1 ,\n\"b\":2\t}")}, "{\"_id\":\"i\",\"a\" : 1 ,\n\"b\":2}"},
		{"white space around is not", storage.Record{ID: "i", Body: []byte(" \n{\"a\":1} \r\n")}, `{"_id":"i","a":1}`},
		{"bytes are kept", storage.Record{Body: []byte(`{"\u0061":1.50e+0,"．":"＄\/"}`)}, `{"\u0061":1.50e+0,"．":"＄\/"}`},
		{"id that needs quoting", storage.Record{ID: "a\"b\n", Body: []byte(`{}`)}, `{"_id":"a\"b\n"}`},
		{"times of another zone", storage.Record{Body: []byte(`{}`), Created: created.In(shanghai)}, `{` + createdJSON + `}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := bytes.Clone(tc.rec.Body)
			got := tc.rec.AppendJSON([]byte("x"))
			if string(got) != "x"+tc.want {
				t.Errorf("AppendJSON = %s, want x%s", got, tc.want)
			}
			if !bytes.Equal(before, tc.rec.Body) {
				t.Error("AppendJSON changed the body")
			}
			if err := storage.CheckJSON("out", got[1:]); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewDocument(t *testing.T) {
	for _, tc := range []struct {
		name    string
		c       *storage.Collection
		key     storage.Key
		members []storage.Member
		want    string
	}{
		{"namespaced", storage.Dynamic, storage.Key{"c", "Pod", "ns", "p"}, []storage.Member{{Name: "data", Value: []byte(`{"a":1}`)}}, `{"clusterId":"c","resourceType":"Pod","namespace":"ns","resourceName":"p","data":{"a":1}}`},
		{"without namespace", storage.Dynamic, storage.Key{"c", "Node", "", "n"}, []storage.Member{{Name: "data", Value: []byte(`[]`)}}, `{"clusterId":"c","resourceType":"Node","resourceName":"n","data":[]}`},
		{"other parts may be empty", storage.Metrics, storage.Key{"", "ns", "", ""}, nil, `{"clusterId":"","namespace":"ns","type":"","name":""}`},
		{"no members", storage.Hosts, storage.Key{"10.0.0.1"}, nil, `{"ip":"10.0.0.1"}`},
		{"a part without field", storage.Events, storage.Key{"c", "e1"}, []storage.Member{{Name: "id", Value: []byte(`"e1"`)}, {Name: "x\"y", Value: []byte(` null `)}}, `{"clusterId":"c","id":"e1","x\"y": null }`},
		{"quoting", storage.Hosts, storage.Key{"a\"\\\n"}, nil, `{"ip":"a\"\\\n"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := storage.NewDocument(tc.c, tc.key, tc.members...)
			if string(got.Body) != tc.want || !reflect.DeepEqual(got.Key, tc.key) {
				t.Errorf("NewDocument = %q %s, want %q %s", got.Key, got.Body, tc.key, tc.want)
			}
			if err := storage.CheckJSON("body", got.Body); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWithField(t *testing.T) {
	for _, tc := range []struct{ body, name, value, want string }{
		{`{"a":1,"b":2}`, "a", "x", `{"a":"x","b":2}`},
		{`{"a":1,"b":2}`, "b", "x", `{"a":1,"b":"x"}`},
		{`{"a":1}`, "b", "x", `{"a":1,"b":"x"}`},
		{`{}`, "a", "x", `{"a":"x"}`},
		{`{}`, "a\"b", "\n", `{"a\"b":"\n"}`},
		{`{"\u0061":{"b":[1]}}`, "a", "", `{"\u0061":""}`},
		{`{"x":{"a":1}}`, "a", "y", `{"x":{"a":1},"a":"y"}`}, // only the top level counts
		{`{"\n":1}`, `\n`, "y", `{"\n":1,"\\n":"y"}`},        // a line feed is not a backslash and an n
		{" { \"a\" : [ 1 , 2 ] ,\n\"b\" : 2 } ", "b", "x", `{"a":[ 1 , 2 ],"b":"x"}`},
	} {
		body := []byte(tc.body)
		got := storage.WithField(body, tc.name, tc.value)
		if string(got) != tc.want {
			t.Errorf("WithField(%s, %q, %q) = %s, want %s", tc.body, tc.name, tc.value, got, tc.want)
		}
		if string(body) != tc.body {
			t.Errorf("WithField changed the body to %s", body)
		}
	}
}

func TestIndexEntries(t *testing.T) {
	ix := storage.Index{
		Values: []storage.Path{storage.P("name"), storage.P("data.v"), storage.P("data.list.v")},
		Times:  []storage.Path{storage.P("data.t"), storage.P("data.list.t")},
	}
	type entries struct {
		values map[int]string
		times  map[int]time.Time
		many   map[int]bool
	}
	key := func(raw string) string {
		v, _ := storage.ParseValue([]byte(raw))
		return v.IndexKey()
	}
	for _, tc := range []struct {
		name, body string
		want       entries
	}{
		{"nothing there", `{}`, entries{}},
		{"scalars", `{"name":"n","data":{"v":1.0,"t":"2017-09-26 12:00:00"}}`, entries{
			values: map[int]string{0: key(`"n"`), 1: key(`1`)}, times: map[int]time.Time{0: noon}}},
		{"white space", " { \"name\" : \"n\" } ", entries{values: map[int]string{0: key(`"n"`)}}},
		{"null is a value and no instant", `{"name":null,"data":{"t":null}}`, entries{values: map[int]string{0: key(`null`)}}},
		{"an object is neither", `{"name":{},"data":{"v":{"a":1},"t":{}}}`, entries{}},
		{"an array is many", `{"name":["n"],"data":{"v":[],"t":[1]}}`, entries{
			values: map[int]string{0: storage.IndexMany, 1: storage.IndexMany}, many: map[int]bool{0: true}}},
		{"one value through an array", `{"data":{"list":[{"v":"a","t":0}]}}`, entries{
			values: map[int]string{2: key(`"a"`)}, times: map[int]time.Time{1: time.Unix(0, 0).UTC()}}},
		{"one value and an object through an array", `{"data":{"list":[{"v":{}},{"v":"a"},{},1]}}`, entries{values: map[int]string{2: key(`"a"`)}}},
		{"two values through an array", `{"data":{"list":[{"v":"a","t":0},{"v":"a","t":0}]}}`, entries{
			values: map[int]string{2: storage.IndexMany}, many: map[int]bool{1: true}}},
		{"a value and an array through an array", `{"data":{"list":[{"v":"a"},{"v":[]}]}}`, entries{values: map[int]string{2: storage.IndexMany}}},
		{"what is no instant", `{"data":{"t":"soon","list":[{"t":true}]}}`, entries{}},
		{"the zero time is an instant", `{"data":{"t":"0001-01-01T00:00:00Z"}}`, entries{times: map[int]time.Time{0: {}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got entries
			ix.Entries([]byte(tc.body), func(i int, key string) {
				if got.values == nil {
					got.values = map[int]string{}
				}
				got.values[i] = key
			}, func(i int, at time.Time, many bool) {
				if many {
					if got.many == nil {
						got.many = map[int]bool{}
					}
					got.many[i] = true
					return
				}
				if got.times == nil {
					got.times = map[int]time.Time{}
				}
				got.times[i] = at.UTC()
			})
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Entries(%s) = %v, want %v", tc.body, got, tc.want)
			}
		})
	}
}
