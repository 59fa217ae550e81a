package storage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"bcs-storage/storage"
)

func nested(depth int, opening, closing string) string {
	return strings.Repeat(opening, depth) + strings.Repeat(closing, depth)
}

func TestCheckJSONAccepts(t *testing.T) {
	for _, in := range []string{
		`{}`, `[]`, `null`, `true`, `false`, `""`, `0`, `-0`,
		" \t\r\n{ \"a\" : [ 1 , 2 ] }\n\t ",
		`{"":1}`, `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`, // the same name in different objects
		`{"a":1,"A":2}`,
		`"\u0000\"\\\/\b\f\n\r\t"`,
		`"\ud83d\ude00"`, `"😀"`, "\"\u2028\"", `"．"`, `"\ufeff"`,
		`9223372036854775807`, `-9223372036854775808`, `[9223372036854775807]`, `{"a":-9223372036854775808}`,
		`1e308`, `-1.7976931348623157e308`, `5e-324`, `1E+2`, `1e-2`, `-0.0`, `0e5`,
		`1e-400`,                        // too small for a double is zero
		`0.` + strings.Repeat("0", 999), // long, but nothing that a double cannot be near
		nested(storage.MaxDepth, "[", "]"),
		strings.Repeat(`{"a":`, storage.MaxDepth) + "1" + strings.Repeat("}", storage.MaxDepth),
		strings.Repeat(`[{"a":`, storage.MaxDepth/2) + "1" + strings.Repeat("}]", storage.MaxDepth/2),
		"[" + strings.Repeat(nested(storage.MaxDepth-1, "[", "]")+",", 3) + "1]", // wide is not deep
	} {
		if err := storage.CheckJSON("body", []byte(in)); err != nil {
			t.Errorf("CheckJSON(%.60s): %v", in, err)
		}
		if !json.Valid([]byte(in)) {
			t.Errorf("the case %.60s is no JSON", in)
		}
	}
}

func TestCheckJSONRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, in, reason string
	}{
		{"nothing", "", "empty"},
		{"white space", " \n\t\r", "empty"},
		{"truncated object", `{"a":1`, "ends too early"},
		{"truncated after colon", `{"a":`, "ends too early"},
		{"truncated after comma", `[1,`, "ends too early"},
		{"truncated string", `"abc`, "ends too early"},
		{"truncated escape", `"\u12`, "ends too early"},
		{"truncated literal", `tru`, "ends too early"},
		{"truncated number", `-`, "ends too early"},
		{"truncated fraction", `[1.`, "ends too early"},
		{"second value", `{} {}`, "at byte 2"},
		{"garbage behind an object", `{"a":1}x`, "more than one"},
		{"garbage behind a number", `1 x`, "more than one"},
		{"closed twice", `{}}`, "more than one"},
		{"NUL behind", "{}\x00", "more than one"},
		{"byte order mark", "\ufeff{}", "not JSON"},
		{"trailing comma in an array", `[1,]`, "not JSON"},
		{"trailing comma in an object", `{"a":1,}`, "not JSON"},
		{"missing comma", `[1 2]`, "not JSON"},
		{"missing colon", `{"a" 1}`, "not JSON"},
		{"name without quotes", `{a:1}`, "not JSON"},
		{"name that is a number", `{1:1}`, "not JSON"},
		{"wrong bracket", `[1}`, "not JSON"},
		{"comment", `{/**/}`, "not JSON"},
		{"NaN", `NaN`, "not JSON"},
		{"Infinity", `[-Infinity]`, "not JSON"},
		{"single quotes", `'a'`, "not JSON"},
		{"leading zero", `01`, "more than one"},
		{"leading plus", `+1`, "not JSON"},
		{"dot without digit", `.5`, "not JSON"},
		{"hexadecimal", `0x10`, "more than one"},
		{"upper case literal", `True`, "not JSON"},
		{"control character in a string", "\"a\nb\"", "not JSON"},
		{"unknown escape", `"\x41"`, "not JSON"},
		{"other white space", "\u00a0{}", "not JSON"},

		{"invalid UTF-8", "\"a\xffb\"", "UTF-8"},
		{"invalid UTF-8 in a name", "{\"\xc3\":1}", "UTF-8"},
		{"overlong UTF-8", "\"\xc0\x80\"", "UTF-8"},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", "UTF-8"},
		{"high surrogate alone", `"\ud83d"`, "surrogate"},
		{"low surrogate alone", `"\ude00"`, "surrogate"},
		{"surrogates in the wrong order", `"\ude00\ud83d"`, "surrogate"},
		{"high surrogate before another escape", `"\ud83d\n"`, "surrogate"},
		{"high surrogate before a low one in UTF-8", "\"\\ud83d\xed\xb8\x80\"", ""},
		{"surrogate alone in a name", `{"\ud83d":1}`, "surrogate"},

		{"name twice", `{"a":1,"b":2,"a":3}`, "duplicate"},
		{"name twice below", `[{"x":{"a":1,"a":1}}]`, "duplicate"},
		{"name twice in other letters", `{"a":1,"\u0061":2}`, "duplicate"},
		{"empty name twice", `{"":1,"":2}`, "duplicate"},

		{"too deep in arrays", nested(storage.MaxDepth+1, "[", "]"), "deeper than 200"},
		{"too deep in objects", strings.Repeat(`{"a":`, storage.MaxDepth+1) + "1" + strings.Repeat("}", storage.MaxDepth+1), "deeper than 200"},
		{"too deep and not closed", strings.Repeat("[", storage.MaxDepth+1), "deeper than 200"},

		{"above int64", `9223372036854775808`, "64-bit integer: 9223372036854775808"},
		{"below int64", `-9223372036854775809`, "64-bit integer: -9223372036854775809"},
		{"above int64 at the end of an array", `[1,9223372036854775808]`, "64-bit"},
		{"above int64 at the end of an object", `{"a":9223372036854775808}`, "64-bit"},
		{"above int64 before a comma", `{"a":9223372036854775808,"b":1}`, "64-bit"},
		{"above int64 before white space", "[9223372036854775808\n]", "64-bit"},
		{"above int64 after a number", `[12,34,99999999999999999999]`, "99999999999999999999"},
		{"very long integer", "1" + strings.Repeat("0", 999), "64-bit integer: 1000000000"},
		{"above a double", `1e400`, "double: 1e400"},
		{"below a double", `-1e400`, "double: -1e400"},
		{"just above a double", `1.8e308`, "double"},
		{"huge exponent", `1e99999999999999999999`, "double"},
		{"many digits and a fraction", strings.Repeat("9", 400) + ".5", "double"},
		{"above a double at the end of an array", `[1e400]`, "double"},
		{"above a double at the end of an object", `{"a":1e400}`, "double"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := storage.CheckJSON("the-param", []byte(tc.in))
			var invalid *storage.InvalidError
			if !errors.As(err, &invalid) || !errors.Is(err, storage.ErrInvalid) {
				t.Fatalf("CheckJSON(%.60q) = %v, want an ErrInvalid", tc.in, err)
			}
			if invalid.Param != "the-param" || !strings.Contains(invalid.Reason, tc.reason) {
				t.Errorf("CheckJSON(%.60q): %q, want it to name the parameter and say %q", tc.in, err, tc.reason)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{`{}`, nil},
		{`[1,2]`, nil},
		{`"a"`, nil},
		{``, nil},
		{`{"b":1,"a":{"x":[1,2]}}`, []string{`b=1`, `a={"x":[1,2]}`}},
		{" { \"a\" :\t[ 1 , 2 ] ,\n\"b\"\r: \"}\" } ", []string{"a=[ 1 , 2 ]", `b="}"`}},
		{`{"a\"b":"\\","\u00e9":"\"]","":"{"}`, []string{`a"b="\\"`, `é="\"]"`, `="{"`}},
		{`{"a\\":"\\\"","b":0}`, []string{`a\="\\\""`, `b=0`}},
	} {
		var got []string
		for name, value := range storage.Members([]byte(tc.in)) {
			got = append(got, name+"="+string(value))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("Members(%s) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestElements(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{`[]`, nil},
		{`[ ]`, nil},
		{`{"a":1}`, nil},
		{`1`, nil},
		{``, nil},
		{`[1,"a",null,true,{"b":[2]},[3,[]],-1.5e3]`, []string{`1`, `"a"`, `null`, `true`, `{"b":[2]}`, `[3,[]]`, `-1.5e3`}},
		{" [ 1 ,\n\"]\" , [ ] ] ", []string{`1`, `"]"`, `[ ]`}},
		{`["\\","\\\"",",\"]"]`, []string{`"\\"`, `"\\\""`, `",\"]"`}},
	} {
		var got []string
		for value := range storage.Elements([]byte(tc.in)) {
			got = append(got, string(value))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("Elements(%s) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestWalkersStopEarly(t *testing.T) {
	for range storage.Members([]byte(`{"a":1,"b":2}`)) {
		break // a yield after this panics
	}
	for range storage.Elements([]byte(`[1,2]`)) {
		break
	}
}

// tree is JSON decoded by encoding/json with nothing lost: nil, bool,
// json.Number, string, []any and object.
type (
	object []field
	field  struct {
		Name  string
		Value any
	}
)

// decode reads one value with encoding/json: what the package's own walkers
// are compared with.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return decodeNext(d)
}

func decodeNext(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		members := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			members = append(members, field{name.(string), value})
		}
		_, err = d.Token()
		return members, err
	}
	return token, nil
}

func (o object) get(name string) (any, bool) {
	for _, f := range o {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

// storable says why a valid JSON value breaks a rule of CheckJSON, or nil.
func storable(value any, depth int) error {
	switch v := value.(type) {
	case object:
		if depth == storage.MaxDepth {
			return errors.New("too deep")
		}
		seen := map[string]bool{}
		for _, f := range v {
			if seen[f.Name] {
				return fmt.Errorf("%q twice", f.Name)
			}
			seen[f.Name] = true
			if err := storable(f.Value, depth+1); err != nil {
				return err
			}
		}
	case []any:
		if depth == storage.MaxDepth {
			return errors.New("too deep")
		}
		for _, e := range v {
			if err := storable(e, depth+1); err != nil {
				return err
			}
		}
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			_, err := strconv.ParseFloat(string(v), 64)
			return err
		}
		_, err := strconv.ParseInt(string(v), 10, 64)
		return err
	}
	return nil
}

// walk decodes a value with the package's walkers.
func walk(raw []byte) any {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	switch raw[0] {
	case '{':
		members := object{}
		for name, value := range storage.Members(raw) {
			members = append(members, field{name, walk(value)})
		}
		return members
	case '[':
		list := []any{}
		for value := range storage.Elements(raw) {
			list = append(list, walk(value))
		}
		return list
	}
	v, _ := decode(raw)
	return v
}

func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e3,"x\n\"y\\",null,true,{"b":{}}],"c":-0}`, " [ ] ", `"\ud83d\ude00"`, `"\ud83d"`, `{"a":1,"\u0061":1}`,
		`9223372036854775808`, `1e400`, "\"\xff\"", `{"a":1}}`, nested(200, "[", "]"), nested(201, "[", "]"), "", "nul", `{"\\":"\\"}`,
		`{"createTime":1,"_id":{"x":[{"y":1},2]}}`, "\n{ \"a\" : { } } ", `{"\n":1,"\\n":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		err := storage.CheckJSON("body", raw)
		if !bytes.Equal(before, raw) {
			t.Fatalf("CheckJSON changed its input")
		}
		if err != nil {
			if !errors.Is(err, storage.ErrInvalid) || !utf8.ValidString(err.Error()) {
				t.Fatalf("CheckJSON(%q): %q is no ErrInvalid that can be shown", raw, err)
			}
			checkRefusal(t, raw, err)
			return
		}
		if !json.Valid(raw) || !utf8.Valid(raw) {
			t.Fatalf("CheckJSON took %q", raw)
		}
		want, err := decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := storable(want, 0); err != nil {
			t.Fatalf("CheckJSON took %q: %v", raw, err)
		}
		if got := walk(raw); !reflect.DeepEqual(got, want) {
			t.Fatalf("the walkers read %q as %v, encoding/json as %v", raw, got, want)
		}
		if members, ok := want.(object); ok {
			checkBody(t, raw, members)
		}
	})
}

// checkRefusal: what is refused breaks a rule. A lone surrogate cannot be told
// from U+FFFD after encoding/json, so such inputs are left out.
func checkRefusal(t *testing.T, raw []byte, refusal error) {
	if !json.Valid(raw) || !utf8.Valid(raw) || bytes.Contains(bytes.ToLower(raw), []byte(`\ud`)) {
		return
	}
	value, err := decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if storable(value, 0) == nil {
		t.Fatalf("CheckJSON(%q): %v; it breaks no rule", raw, refusal)
	}
}

// checkBody: an accepted object survives everything that is done with a body.
func checkBody(t *testing.T, raw []byte, members object) {
	r := storage.Record{Body: raw}
	if got, err := decode(r.AppendJSON(nil)); err != nil || !reflect.DeepEqual(got, any(members)) {
		t.Fatalf("AppendJSON of %q = %v, %v, want %v", raw, got, err, members)
	}
	if len(members) == 0 {
		return
	}
	first := members[0]
	if got := storage.Match(storage.Exists{Path: storage.Path{first.Name}}, &r); !got {
		t.Fatalf("%q is not found in %q", first.Name, raw)
	}
	p, err := storage.NewProjection("field", storage.Path{first.Name})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode(p.Append(nil, &r)); err != nil || !reflect.DeepEqual(got, any(object{first})) {
		t.Fatalf("projecting %q from %q = %v, %v", first.Name, raw, got, err)
	}
	want := slices.Clone(members)
	want[0].Value = "new"
	if got, err := decode(storage.WithField(raw, first.Name, "new")); err != nil || !reflect.DeepEqual(got, any(want)) {
		t.Fatalf("WithField(%q, %q) = %v, %v", raw, first.Name, got, err)
	}
}

func TestLookup(t *testing.T) {
	const doc = ` {"a":[{"b":1},{"b":{"c":[2]}}],"n":null,"x.y":"z"} `
	for _, tc := range []struct {
		path storage.Path
		want string // "" is nothing
	}{
		{storage.P("a.b"), `1`}, // the first of several
		{storage.P("a.b.c"), `[2]`},
		{storage.P("a.1.b"), `{"c":[2]}`},
		{storage.P("n"), `null`},
		{storage.P("x．y"), `"z"`},
		{storage.P("x.y"), ``},
		{storage.P("n.a"), ``},
		{nil, strings.TrimSpace(doc)},
	} {
		got, ok := storage.Lookup([]byte(doc), tc.path)
		if string(got) != tc.want || ok != (tc.want != "") {
			t.Errorf("Lookup(%q) = %s, %v, want %s", tc.path, got, ok, tc.want)
		}
	}
}
