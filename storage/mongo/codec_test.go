package mongo

import (
	"bytes"
	"strings"
	"testing"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// bodies are JSON objects and the spelling in which their copy gives them back.
var bodies = []struct {
	body string
	want spelling
}{
	{`{}`, spelledPlain},
	{`{"a":1,"b":[],"c":{},"d":null,"e":true,"f":false,"":""}`, spelledPlain},
	{`{"max":9223372036854775807,"min":-9223372036854775808,"odd":9007199254740993}`, spelledPlain},
	{`{"f":[0.5,1e-7,1e+21,-2.5e-9,123456789.125]}`, spelledPlain},
	{`{"app.kubernetes.io/name":"a.b","$set":{"$x":1},".":1,"%":2,"%2E":3,"_id":{"_id":1},"．":"．"}`, spelledPlain},
	{`{"z":1,"a":{"z":1,"a":2},"m":[{"z":1,"a":2}]}`, spelledPlain},
	{`{"nul":"a\u0000b","\u0000":"﷐﷑﷒﷐"}`, spelledForHTML},
	{`{"html":"\u003ca href=\u0026\u003e","line":"\u2028\u2029","tab":"\t\\\""}`, spelledForHTML},
	{`{"plain":"<&>"}`, spelledPlain},
	{`{"é":"é😀","control":"\u001f\b\f\n\r\t"}`, spelledForHTML},
	{`{"both":"<\u003c"}`, spelledOtherwise},
	{` {}`, spelledOtherwise},
	{`{"a": 1}`, spelledOtherwise},
	{`{"a":1.0}`, spelledOtherwise},
	{`{"a":-0}`, spelledOtherwise},
	{`{"a":1E2}`, spelledOtherwise},
	{`{"a":"\u0061"}`, spelledOtherwise},
	{`{"a":"\/"}`, spelledOtherwise},
	{`{"a":[[1]]}`, spelledOtherwise},
	{`{"a":` + strings.Repeat(`{"a":`, 150) + `1` + strings.Repeat(`}`, 151), spelledOtherwise},
}

func TestCopyKeepsTheBody(t *testing.T) {
	for _, tc := range bodies {
		bsonCopy, err := appendCopy(nil, []byte(tc.body))
		if err != nil {
			t.Fatalf("%.80s: %v", tc.body, err)
		}
		if err := bson.Raw(bsonCopy).Validate(); err != nil {
			t.Errorf("%.80s: %v", tc.body, err)
		}
		if got := spellingOf([]byte(tc.body), bsonCopy); got != tc.want {
			text, err := appendJSON(nil, bsonCopy, spelledPlain)
			t.Errorf("%.80s: spelling %d, want %d (the copy is %.200s, %v)", tc.body, got, tc.want, text, err)
		}
	}
}

func TestCopyIsByValue(t *testing.T) {
	bsonCopy, err := appendCopy(nil, []byte(` { "a.b" : [ 1.0 , 1e0, -0.0, 1e300, 9007199254740993, [ "x" ] ] , "\u0061" : "\u00e9" } `))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"a.b":[1,1,0,1e+300,9007199254740993,{}],"a":"é"}`
	if got, err := appendJSON(nil, bsonCopy, spelledPlain); string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	values, err := bson.Raw(bsonCopy).Lookup("a%2Eb").Array().Values()
	if err != nil || values[0].Type != bson.TypeInt64 || values[3].Type != bson.TypeDouble {
		t.Errorf("%v %v", values, err)
	}
}

func TestCopyIsNotTooDeep(t *testing.T) {
	body := strings.Repeat(`{"a":`, 199) + `[{"b":1}]` + strings.Repeat(`}`, 199)
	bsonCopy, err := appendCopy(nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for doc := bson.Raw(bsonCopy); ; depth++ {
		inner, ok := doc.Lookup("a").DocumentOK()
		if !ok {
			break
		}
		doc = inner
	}
	if depth != maxCopyDepth {
		t.Errorf("%d levels, want %d", depth, maxCopyDepth)
	}
	if 2*maxFieldParts+2 > maxCopyDepth {
		t.Error("a path that is asked of the server reaches what is left out")
	}
}

func TestNotJSONIsRefused(t *testing.T) {
	for _, body := range []string{``, `1`, `[]`, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":x}`, `{"a":[1,}`, `{"a" 1}`, `{"a":tru}`, `{"a":"x`, `{"a":1 "b":2}`} {
		if _, err := appendCopy(nil, []byte(body)); err == nil {
			t.Errorf("%s was accepted", body)
		}
	}
}

func TestDamagedCopyIsAnError(t *testing.T) {
	bsonCopy, err := appendCopy(nil, []byte(`{"a":[1,2.5,"x",null,true,{"b":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for i := range bsonCopy {
		_, _ = appendJSON(nil, bsonCopy[:i], spelledPlain) // must not panic
		for _, b := range []byte{0, 1, 0x7f, 0xff} {
			damaged := bytes.Clone(bsonCopy)
			damaged[i] = b
			_, _ = appendJSON(nil, damaged, spelledForHTML)
		}
	}
}

func FuzzJSONBSON(f *testing.F) {
	for _, tc := range bodies {
		f.Add([]byte(tc.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if storage.CheckJSON("body", body) != nil {
			_, _ = appendCopy(nil, body) // must not panic
			return
		}
		bsonCopy, err := appendCopy(nil, body)
		if !isObject(body) {
			if err == nil {
				t.Errorf("%s is no object and was accepted", body)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if err := bson.Raw(bsonCopy).Validate(); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		text, err := appendJSON(nil, bsonCopy, spelledPlain)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		again, err := appendCopy(nil, text)
		if err != nil || !bytes.Equal(again, bsonCopy) {
			t.Errorf("%s\nbecame %s,\nwhose copy is another (%v)", body, text, err)
		}
	})
}

func isObject(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && body[0] == '{'
}

func TestKeysAreEscaped(t *testing.T) {
	for name, want := range map[string]string{
		"": "%", "a": "a", ".": "%2E", "a.b": "a%2Eb", "$set": "%24set", "%": "%25", "%2E": "%252E",
		"\x00": "%00", "_id": "%5Fid", "_ID": "_ID", "．": "．", "app.io/x": "app%2Eio/x",
	} {
		if got := escapeKey(name); got != want {
			t.Errorf("%q is escaped %q, want %q", name, got, want)
		}
		if got := string(appendName(nil, []byte(want))); got != name {
			t.Errorf("%q stands for %q, want %q", want, got, name)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x00b", "\x00")
	f.Add("﷐﷑﷒\x00", "﷐")
	f.Add("%25._id", "_id")
	f.Fuzz(func(t *testing.T, text, part string) {
		key := escapeKey(text)
		if strings.ContainsAny(key, ".$\x00") || key == "" || key == "_id" {
			t.Errorf("%q became %q", text, key)
		}
		if got := string(appendName(nil, []byte(key))); got != text {
			t.Errorf("key %q came back as %q", text, got)
		}
		text, part = strings.ToValidUTF8(text, ""), strings.ToValidUTF8(part, "")
		escaped := escapeText(text)
		if strings.IndexByte(escaped, 0) >= 0 {
			t.Errorf("%q became %q", text, escaped)
		}
		if got := string(appendPlain(nil, []byte(escaped))); got != text {
			t.Errorf("text %q came back as %q", text, got)
		}
		if strings.Contains(escaped, escapeText(part)) != strings.Contains(text, part) {
			t.Errorf("%q contains %q: the escaped ones say otherwise", text, part)
		}
	})
}

func TestCollectionNames(t *testing.T) {
	long := strings.Repeat("x", 200)
	seen := map[string]string{}
	for _, docType := range []string{"Pod", "pod", "EndPoints", "Endpoints", "", "a.b", "a%2Eb", "$x", "é", "~", "system", long, long + "x"} {
		name := collectionName(storage.Dynamic, docType)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q are both %s", docType, other, name)
		}
		seen[name] = docType
		if len(name) > 150 || strings.ContainsAny(name, "$\x00") || strings.HasSuffix(name, ".") {
			t.Errorf("%q is named %q", docType, name)
		}
		got, ok := typeOf(storage.Dynamic, name)
		if !ok || got != docType && len(docType) < 200 {
			t.Errorf("%s is for %q, %t, want %q", name, got, ok, docType)
		}
	}
	for _, name := range []string{"dynamic", "host", "locks", "dynamics.Pod"} {
		if _, ok := typeOf(storage.Dynamic, name); ok {
			t.Errorf("%s was taken for dynamic data", name)
		}
	}
	if got := collectionName(storage.Metrics, ""); got != "metric" {
		t.Errorf("metrics are in %s", got)
	}
}
