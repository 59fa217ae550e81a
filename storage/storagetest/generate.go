package storagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"bcs-storage/storage"
)

// generator makes keys, documents and queries that are likely to meet: few
// names, few values, every shape of JSON where an engine expects a scalar.
type generator struct{ *rand.Rand }

func pick[T any](g generator, all ...T) T { return all[g.IntN(len(all))] }

// chance is true in one of n cases.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g generator) collection() *storage.Collection {
	return pick(g, storage.Dynamic, storage.Dynamic, storage.Dynamic, storage.Events, storage.Events, storage.Alarms, storage.Hosts, storage.Metrics)
}

func (g generator) key(c *storage.Collection) storage.Key {
	key := make(storage.Key, c.Parts)
	for i := range key {
		field := ""
		if i < len(c.Key) {
			field = c.Key[i]
		}
		switch field {
		case "clusterId":
			key[i] = pick(g, "c1", "c1", "c2", "c1/Pod", "")
		case "resourceType":
			key[i] = pick(g, "Pod", "taskgroup", "taskgroup", "application", "Service", "other")
		case "namespace":
			key[i] = pick(g, "", "a", "a-b", "a/b", "a%2Fb")
		default:
			key[i] = pick(g, "a", "b", "*", "1", "n．", "é", "x/y") + strconv.Itoa(g.IntN(4))
		}
	}
	return key
}

// when is a time near start; a few are the same.
func (g generator) when() time.Time { return later(g.IntN(40)*250 - 5000) }

// moment is the JSON of a time, or of something that looks like one.
func (g generator) moment() string {
	t := g.when()
	switch g.IntN(12) {
	case 0:
		return strconv.FormatInt(t.Unix(), 10)
	case 1:
		return strconv.Quote(strconv.FormatInt(t.Unix(), 10))
	case 2:
		return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
	case 3:
		return strconv.Quote(t.In(time.FixedZone("", 5*3600+1800)).Format(time.RFC3339Nano))
	case 4:
		return strconv.Quote(t.Format("2006-01-02 15:04:05"))
	case 5:
		return strconv.Quote(t.Add(300 * time.Microsecond).Format(time.RFC3339Nano))
	case 6:
		return pick(g, `"0001-01-01T00:00:00Z"`, `-1`, `0`, `1e9`, `"9999-12-31T23:59:59Z"`, `"soon"`)
	}
	return strconv.Quote(storage.FormatTime(t))
}

func (g generator) text() string {
	return pick(g, "a", "a", "b", "", "*", "#a", "A", "1", "true", "null", "a.b", "a．b", "é", "a\x00", "sa", "c1", "a0", strings.Repeat("long", 80))
}

// scalar is the JSON of a scalar.
func (g generator) scalar() string {
	switch g.IntN(5) {
	case 0:
		return pick(g, "1", "1.0", "1e0", "-0", "0", "0.5", "9007199254740993", "9007199254740992", "-9223372036854775808")
	case 1:
		return pick(g, "null", "true", "false")
	case 2:
		return g.moment()
	}
	return string(storage.AppendString(nil, g.text()))
}

// leaf is the JSON of what stands at a path: mostly a scalar.
func (g generator) leaf(depth int) string {
	switch n := g.IntN(14); {
	case n > 3 || depth > 3:
		return g.scalar()
	case n == 0:
		return "{" + pick(g, "", `"0":`+g.leaf(depth+1), `"a":`+g.leaf(depth+1), ` "x．y" : 1 , "$" : [ ] `) + "}"
	}
	elements := make([]string, g.IntN(3))
	for i := range elements {
		elements[i] = g.leaf(depth + 1)
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

// tree is the JSON of a value in which the paths, relative to it, lead somewhere.
func (g generator) tree(paths []storage.Path, depth int) string {
	kids := map[string][]storage.Path{}
	for _, p := range paths {
		if len(p) > 0 {
			kids[p[0]] = append(kids[p[0]], p[1:])
		}
	}
	if len(kids) == 0 || depth > 6 || g.chance(25) {
		return g.leaf(depth)
	}
	if g.chance(10) {
		elements := make([]string, 1+g.IntN(2))
		for i := range elements {
			elements[i] = g.tree(paths, depth+1)
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	names := []string{}
	for name := range kids {
		names = append(names, name)
	}
	slices.Sort(names)
	members := []string{}
	for _, name := range names {
		if !g.chance(6) {
			members = append(members, string(storage.AppendString(nil, name))+":"+g.tree(kids[name], depth+1))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// indexed are the paths that are indexed of a document, and some that are not.
func indexed(c *storage.Collection, key storage.Key) []storage.Path {
	ix := c.IndexOf(key)
	return slices.Concat(ix.Values, ix.Times, []storage.Path{storage.P("data.x"), storage.P("data.0")})
}

// document is a document whose members are what the paths of its index need.
func (g generator) document(c *storage.Collection, key storage.Key) storage.Document {
	tops := map[string][]storage.Path{}
	for _, p := range indexed(c, key) {
		if !slices.Contains(c.Key, p[0]) {
			tops[p[0]] = append(tops[p[0]], p[1:])
		}
	}
	names := []string{}
	for name := range tops {
		names = append(names, name)
	}
	slices.Sort(names)
	var members []storage.Member
	for _, name := range names {
		if !g.chance(8) {
			value := g.tree(tops[name], 0)
			if name == c.NewestFirst && !g.chance(5) {
				value = g.moment()
			}
			members = append(members, member(name, value))
		}
	}
	return storage.NewDocument(c, key, members...)
}

// path is one that is indexed for some document, a key field, or another.
func (g generator) path(c *storage.Collection) storage.Path {
	switch g.IntN(10) {
	case 0:
		return storage.P(pick(g, "_id", "createTime", "updateTime"))
	case 1, 2:
		return storage.P(pick(g, c.Key...))
	case 3:
		return storage.P(pick(g, "data.status.0", "data.x.a", "data.x．y", "data.a", "nothing", "clusterId.a", "_id.a"))
	}
	return pick(g, indexed(c, g.key(c))...)
}

func (g generator) value(c *storage.Collection) storage.Value {
	if g.chance(3) {
		key := g.key(c)
		return storage.String(pick(g, append(key, key.ID())...))
	}
	v, _ := storage.ParseValue([]byte(g.scalar()))
	return v
}

// filter is a random filter, nil one time in a few.
func (g generator) filter(c *storage.Collection, depth int) storage.Filter {
	switch n := g.IntN(16); {
	case n == 0 && depth > 0:
		return storage.Not{Filter: g.filter(c, depth-1)}
	case n == 1 && depth > 0:
		return storage.Or(g.filters(c, depth-1))
	case n <= 5 && depth > 0:
		return storage.And(g.filters(c, depth-1))
	case n == 6:
		return storage.Exists{Path: g.path(c)}
	case n == 7:
		return storage.Contains{Path: g.path(c), Text: pick(g, "a", "", ".", "1", "é")}
	case n == 8:
		return nil
	case n <= 11:
		return g.timeRange(c)
	}
	values := make([]storage.Value, pick(g, 1, 1, 2, 3, 12, 0, 40))
	for i := range values {
		values[i] = g.value(c)
	}
	return storage.OneOf(g.path(c), values...)
}

func (g generator) filters(c *storage.Collection, depth int) []storage.Filter {
	filters := make([]storage.Filter, g.IntN(4))
	for i := range filters {
		filters[i] = g.filter(c, depth)
	}
	return filters
}

func (g generator) timeRange(c *storage.Collection) storage.Filter {
	f := storage.TimeRange{Path: g.path(c)}
	if g.chance(2) {
		f.Path = storage.P(pick(g, "createTime", "updateTime"))
		if c.NewestFirst != "" && g.chance(2) {
			f.Path = storage.P(c.NewestFirst)
		}
	}
	if !g.chance(4) {
		f.From = g.when().Add(-3 * time.Second)
	}
	if !g.chance(4) {
		f.To = g.when().Add(3 * time.Second)
	}
	if g.chance(6) {
		f.From = f.From.Add(200 * time.Microsecond)
	}
	return f
}

func (g generator) query(c *storage.Collection) storage.Query {
	q := storage.Query{Filter: g.filter(c, 2)}
	if !g.chance(3) {
		for range 1 + g.IntN(3) {
			key := g.key(c)
			q.Scopes = append(q.Scopes, key[:pick(g, c.Scope, c.Scope, g.IntN(c.Parts+1))])
		}
	}
	if g.chance(2) {
		q.Skip, q.Limit = int64(g.IntN(8)), int64(g.IntN(8))
	}
	if g.chance(3) {
		q.Fields = g.fields(c)
	}
	if c.NewestFirst == "" && g.chance(4) {
		key := g.key(c)
		q.After = key[:pick(g, c.Parts, c.Parts, 1+g.IntN(c.Parts))].ID()
	}
	return q
}

func (g generator) fields(c *storage.Collection) *storage.Projection {
	paths := make([]storage.Path, 1+g.IntN(3))
	for i := range paths {
		paths[i] = g.path(c)
	}
	p, err := storage.NewProjection("field", paths...)
	if err != nil {
		return nil // the paths overlap
	}
	return p
}

// describe writes a query as it is, to be read when a test fails.
func describe(c *storage.Collection, q storage.Query) string {
	return fmt.Sprintf("%s: scopes %q after %q skip %d limit %d fields %q filter %#v", c.Name, q.Scopes, q.After, q.Skip, q.Limit, q.Fields.Paths(), q.Filter)
}
