package storage_test

import (
	"encoding/json"
	"math"
	"testing"

	"bcs-storage/storage"
)

func TestParseValue(t *testing.T) {
	for _, tc := range []struct {
		json  string
		want  storage.Value
		value any // Interface()
	}{
		{`null`, storage.Null, nil},
		{`true`, storage.Bool(true), true},
		{`false`, storage.Bool(false), false},
		{`""`, storage.String(""), ""},
		{`"a\u0062\"\\\n"`, storage.String("ab\"\\\n"), "ab\"\\\n"},
		{`"\ud83d\ude00"`, storage.String("😀"), "😀"},
		{`"1"`, storage.String("1"), "1"},
		{`"true"`, storage.String("true"), "true"},
		{`0`, storage.Int(0), int64(0)},
		{`-0`, storage.Int(0), int64(0)},
		{`-0.0`, storage.Int(0), int64(0)},
		{`1e-400`, storage.Int(0), int64(0)},
		{`1`, storage.Int(1), int64(1)},
		{`1.0`, storage.Int(1), int64(1)},
		{`10e-1`, storage.Int(1), int64(1)},
		{`1E0`, storage.Int(1), int64(1)},
		{`-12`, storage.Int(-12), int64(-12)},
		{`9223372036854775807`, storage.Int(math.MaxInt64), int64(math.MaxInt64)},
		{`9223372036854775806`, storage.Int(math.MaxInt64 - 1), int64(math.MaxInt64 - 1)},
		{`-9223372036854775808`, storage.Int(math.MinInt64), int64(math.MinInt64)},
		{`-9223372036854775808.0`, storage.Int(math.MinInt64), int64(math.MinInt64)},
		{`9007199254740993`, storage.Int(9007199254740993), int64(9007199254740993)}, // no double is equal to it
		{` 7 `, storage.Int(7), int64(7)},
		{"\n\"a\"\t", storage.String("a"), "a"},
		{"\r true ", storage.Bool(true), true},
	} {
		t.Run(tc.json, func(t *testing.T) {
			got, ok := storage.ParseValue([]byte(tc.json))
			if !ok || got != tc.want {
				t.Fatalf("ParseValue(%s) = %v, %v, want %v", tc.json, got, ok, tc.want)
			}
			if got.Interface() != tc.value {
				t.Errorf("Interface() = %#v, want %#v", got.Interface(), tc.value)
			}
			if got.IsNull() != (tc.value == nil) {
				t.Errorf("IsNull() = %v", got.IsNull())
			}
			again, ok := storage.ParseValue(got.AppendJSON(nil))
			if !ok || again != got {
				t.Errorf("ParseValue(%s) = %v, %v, want %v", got.AppendJSON(nil), again, ok, got)
			}
		})
	}
	for _, json := range []string{`{}`, `[]`, ` {"a":1}`, ` [1]`, ``} {
		if got, ok := storage.ParseValue([]byte(json)); ok {
			t.Errorf("ParseValue(%s) = %v, want none", json, got)
		}
	}
}

func TestParseValueFraction(t *testing.T) {
	for _, tc := range []struct {
		json  string
		value float64
	}{
		{`1.5`, 1.5},
		{`15e-1`, 1.5},
		{`1e19`, 1e19},
		{`9223372036854775808.0`, 1 << 63},
		{`-1e300`, -1e300},
		{`5e-324`, 5e-324},
		{`0.1000000000000000055511151231257827`, 0.1},
	} {
		v, ok := storage.ParseValue([]byte(tc.json))
		if !ok || v.Interface() != tc.value {
			t.Errorf("ParseValue(%s).Interface() = %v, %v, want %v", tc.json, v.Interface(), ok, tc.value)
		}
		if again, _ := storage.ParseValue(v.AppendJSON(nil)); again != v {
			t.Errorf("ParseValue(%s) = %v, want %v", v.AppendJSON(nil), again, v)
		}
	}
}

// TestIndexKey: equal values share a key, different ones never do, and no key
// looks like IndexMany.
func TestIndexKey(t *testing.T) {
	different := [][]string{
		{`null`},
		{`true`}, {`false`}, {`"true"`}, {`"false"`}, {`"null"`},
		{`""`}, {`"*"`}, {`"s"`},
		{`"1"`},
		{`1`, `1.0`, `1e0`, `10E-1`},
		{`-1`}, {`0`, `-0`, `0.0`, `-0e9`},
		{`1.5`, `15e-1`, `1.50`},
		{`9007199254740992`, `9007199254740992.0`}, {`9007199254740993`},
		{`9223372036854775807`}, {`9223372036854775806`}, {`9223372036854775808.0`, `9223372036854775807.0`},
		{`1e19`, `10000000000000000000.0`},
		{`"a"`, `"\u0061"`}, {`"A"`}, {`"é"`}, {`"e\u0301"`},
	}
	owner := map[string]int{}
	for i, same := range different {
		for _, raw := range same {
			v, ok := storage.ParseValue([]byte(raw))
			if !ok {
				t.Fatalf("ParseValue(%s) = none", raw)
			}
			key := v.IndexKey()
			if key == "" || key[0] == storage.IndexMany[0] {
				t.Errorf("IndexKey of %s is %q", raw, key)
			}
			if j, ok := owner[key]; ok && j != i {
				t.Errorf("%s shares %q with %s", raw, key, different[j])
			}
			owner[key] = i
		}
	}
	if len(owner) != len(different) {
		t.Errorf("%d keys, want %d: %v", len(owner), len(different), owner)
	}
}

func TestAppendString(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", `""`},
		{"a/b<c>&", `"a/b<c>&"`},
		{"\"\\\x00\n\t\x7f", "\"\\\"\\\\\\u0000\\n\\t\x7f\""},
		{"é😀．\u2028", "\"é😀．\u2028\""},
		{"a\xffb", "\"a\ufffdb\""},
	} {
		got := storage.AppendString([]byte("x"), tc.in)
		if string(got) != "x"+tc.want {
			t.Errorf("AppendString(%q) = %s, want x%s", tc.in, got, tc.want)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("AppendString(%q) = %s is no JSON", tc.in, got)
		}
	}
}
