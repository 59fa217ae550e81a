package sqlite

import (
	"fmt"
	"strings"
)

const (
	// magic is what every SQLite file begins with.
	magic = "SQLite format 3\x00"
	// applicationID marks the file as ours in SQLite's header: "bcss".
	applicationID = 0x62637373
	pageSize      = 4096
)

// writerPragmas are for the one connection that writes. FULL makes every commit
// wait until the log is on the disk. Caches are in KiB; a page of one takes two in
// memory, because the allocator rounds what SQLite asks for up to a power of two.
func writerPragmas() []string {
	return []string{
		"busy_timeout = 10000",
		"synchronous = FULL",
		"cache_size = -8192",
		"wal_autocheckpoint = 4000",
		"journal_size_limit = 268435456",
	}
}

func readerPragmas() []string {
	return []string{"busy_timeout = 10000", "query_only = ON", "cache_size = -2048"}
}

const metaSQL = `CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`

// createSQL makes the table. The body is the last column, so that scans of the
// others need not read it; the summary is before it for the same reason, and is
// NULL where the body is hardly longer (see derived).
func (t *table) createSQL() string {
	return fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (
		id TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
		scope TEXT NOT NULL, ord INTEGER,
		v0 TEXT, v1 TEXT, v2 TEXT, v3 TEXT, v4 TEXT, v5 TEXT,
		t0 INTEGER, t1 INTEGER, t2 INTEGER,
		summary BLOB, body BLOB NOT NULL)`, t.name)
}

// index is an index of a table: table_suffix.
type index struct {
	suffix, columns, where string
	unique                 bool
}

func (ix index) sql(table string) string {
	unique, where := "", ""
	if ix.unique {
		unique = "UNIQUE "
	}
	if ix.where != "" {
		where = " WHERE " + ix.where
	}
	return fmt.Sprintf("CREATE %sINDEX %s_%s ON %s (%s)%s", unique, table, ix.suffix, table, ix.columns, where)
}

// indexes are all indexes of the table. Those of a value end in the columns by
// which lists are ordered, so that a list by value streams without a sort;
// those of a time hold the id, so that what is found can be ordered without
// looking at rows.
func (t *table) indexes() []index {
	order := "id"
	if t.newest() {
		order = "ord, id"
	}
	all := []index{
		{suffix: "id", columns: "id", unique: true},
		{suffix: "created", columns: "scope, created, id"},
	}
	if t.c.KeepUpdateTime {
		all = append(all, index{suffix: "updated", columns: "scope, updated, id"})
	}
	if t.newest() {
		all = append(all, index{suffix: "order", columns: "scope, ord, id"}, index{suffix: "all", columns: "ord, id"})
	}
	for i := range t.values {
		v := fmt.Sprintf("v%d", i)
		all = append(all, index{suffix: v, columns: "scope, " + v + ", " + order, where: v + " IS NOT NULL"})
	}
	for i := range t.times {
		if i == t.order {
			continue // the order serves it
		}
		s := fmt.Sprintf("t%d", i)
		all = append(all, index{suffix: s, columns: "scope, " + s + ", id", where: s + " IS NOT NULL"})
	}
	return all
}

// derivation counts the ways in which slots and summaries have been made of a body: it goes up
// whenever storage makes them otherwise for the same declaration.
const derivation = 1

// fingerprint changes whenever rows or indexes have to be made anew.
func (t *table) fingerprint() string {
	var b strings.Builder
	fmt.Fprintf(&b, "derivation %d\n", derivation)
	fmt.Fprintf(&b, "scope %d newest %q\n", t.c.Scope, t.c.NewestFirst)
	for _, typ := range sortedTypes(t.c) {
		ix := t.indexOfType(typ)
		fmt.Fprintf(&b, "%q values %q times %q summary %q\n", typ, ix.Values, ix.Times, t.c.SummaryOf(t.keyOfType(typ)).Paths())
	}
	for _, ix := range t.indexes() {
		b.WriteString(ix.sql(t.name) + "\n")
	}
	for _, sql := range t.totalTriggers() {
		b.WriteString(sql + "\n")
	}
	return b.String()
}
