// Package promcheck holds what operators install, the dashboard and the alert
// rules, against what the service exports. It is a module of its own, so that
// the service does not depend on Prometheus' server. Run it with go test.
package promcheck

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// inventoryFile is written, and held against a running service, by a test of cmd/bcs-storage/app.
const inventoryFile = "../../conf/prometheus/metrics.txt"

// inventory is what the service exports, and what of it was used.
type inventory struct {
	metrics map[string]metric
	used    map[string]bool
}

type metric struct {
	kind   string
	labels map[string]bool
}

func readInventory(t *testing.T) inventory {
	t.Helper()
	f, err := os.Open(inventoryFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := inventory{metrics: map[string]metric{}, used: map[string]bool{}}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Fields(lines.Text())
		m := metric{kind: fields[1], labels: map[string]bool{}}
		if len(fields) > 2 {
			for _, l := range strings.Split(fields[2], ",") {
				m.labels[l] = true
			}
		}
		found.metrics[fields[0]] = m
	}
	// Prometheus itself says whether a target answered.
	found.metrics["up"] = metric{kind: "gauge"}
	if len(found.metrics) < 30 {
		t.Fatalf("%d metrics: was the list read?", len(found.metrics))
	}
	return found
}

// find is the metric that a series belongs to, and the labels that the series has.
func (i inventory) find(series string) (name string, m metric, has map[string]bool, ok bool) {
	has = map[string]bool{"job": true, "instance": true} // which Prometheus adds
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(series, suffix)
		m, known := i.metrics[base]
		if !cut || !known || (suffix != "") != (m.kind == "histogram") {
			continue
		}
		for l := range m.labels {
			has[l] = true
		}
		if suffix == "_bucket" {
			has["le"] = true
		}
		return base, m, has, true
	}
	return "", metric{}, nil, false
}

// answer is what the result of an expression can be named by.
type answer map[string]bool

func (a answer) mustHave(t *testing.T, where, label string) {
	t.Helper()
	if !a[label] {
		t.Errorf("%s: the answer has no label %s", where, label)
	}
}

func (a answer) mustHaveAll(t *testing.T, where string, in *regexp.Regexp, text string) {
	t.Helper()
	for _, m := range in.FindAllStringSubmatch(text, -1) {
		a.mustHave(t, where, m[1])
	}
}

// check parses expr, fails for series and labels that nothing exports and for counters
// that are not looked at as counters, and returns the labels of the answer.
func (i inventory) check(t *testing.T, where, expr string) answer {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v: %s", where, err, expr)
		return nil
	}
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name, m, has, known := i.find(v.Name)
		if !known {
			t.Errorf("%s: nothing exports %s", where, v.Name)
			return nil
		}
		i.used[name] = true
		for _, matcher := range v.LabelMatchers {
			if matcher.Name != labels.MetricName && !has[matcher.Name] {
				t.Errorf("%s: %s has no label %s", where, v.Name, matcher.Name)
			}
		}
		rated := false
		if len(path) > 0 {
			_, rated = path[len(path)-1].(*parser.MatrixSelector)
		}
		if m.kind != "gauge" && !rated {
			t.Errorf("%s: %s only ever grows, ask for its rate", where, v.Name)
		}
		return nil
	})
	return i.labelsOf(t, where, parsed)
}

// labelsOf are the labels that the answer to an expression has.
func (i inventory) labelsOf(t *testing.T, where string, expr parser.Expr) answer {
	t.Helper()
	switch e := expr.(type) {
	case *parser.VectorSelector:
		_, _, has, _ := i.find(e.Name)
		return has
	case *parser.AggregateExpr:
		inner := i.labelsOf(t, where, e.Expr)
		if e.Op == parser.TOPK {
			return inner
		}
		if e.Without {
			t.Fatalf("%s: without is not understood by this test", where)
		}
		outer := answer{}
		for _, l := range e.Grouping {
			inner.mustHave(t, where, l)
			outer[l] = true
		}
		return outer
	case *parser.Call:
		has := answer{}
		for _, arg := range e.Args {
			for l := range i.labelsOf(t, where, arg) {
				has[l] = true
			}
		}
		if e.Func.Name == "histogram_quantile" {
			has.mustHave(t, where, "le")
			delete(has, "le")
		}
		return has
	case *parser.BinaryExpr:
		left, right := i.labelsOf(t, where, e.LHS), i.labelsOf(t, where, e.RHS)
		if len(left) == 0 {
			return right
		}
		return left
	case *parser.MatrixSelector:
		return i.labelsOf(t, where, e.VectorSelector)
	case *parser.ParenExpr:
		return i.labelsOf(t, where, e.Expr)
	}
	return answer{} // a number or a text
}
