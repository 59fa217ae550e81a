package promcheck

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

const dashboardFile = "../../conf/grafana/bcs-storage.json"

// dashboard is the part of Grafana's format that asks for something.
type dashboard struct {
	Panels      []panel
	Templating  struct{ List []variable }
	Annotations struct {
		List []struct{ Name, Expr, TitleFormat string }
	}
}

type panel struct {
	ID          int
	Type, Title string
	Panels      []panel
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ Expr, LegendFormat string }
	Datasource  map[string]string
	FieldConfig struct{ Defaults struct{ Unit string } }
}

type variable struct{ Name, Type, Definition string }

// labelValues is how a variable asks for the values of a label.
var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)

// legend is a label in the name of a line.
var legend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// TestDashboard: every question is PromQL and about metrics and labels that there
// are, every variable is known, and no panel lies on another.
func TestDashboard(t *testing.T) {
	raw, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	exported := readInventory(t)
	variables := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := labelValues.FindStringSubmatch(v.Definition)
		if parts == nil {
			t.Errorf("variable %s: %q", v.Name, v.Definition)
			continue
		}
		used := exported.check(t, "variable "+v.Name, substituted(t, parts[1], variables))
		used.mustHave(t, "variable "+v.Name, parts[2])
	}
	for _, a := range d.Annotations.List {
		used := exported.check(t, "annotation "+a.Name, substituted(t, a.Expr, variables))
		used.mustHaveAll(t, "annotation "+a.Name, legend, a.TitleFormat)
	}
	ids := map[int]bool{}
	taken := map[[2]int]string{}
	asked := 0
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: the id is taken or there is no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q or beyond the edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.FieldConfig.Defaults.Unit == "" || p.Datasource["uid"] != "${datasource}" {
			t.Errorf("panel %q: it needs a question, a unit and the data source of the dashboard", p.Title)
		}
		for _, target := range p.Targets {
			asked++
			used := exported.check(t, "panel "+p.Title, substituted(t, target.Expr, variables))
			used.mustHaveAll(t, "panel "+p.Title, legend, target.LegendFormat)
		}
	}
	if asked < 30 {
		t.Errorf("the dashboard asks %d questions: were they found?", asked)
	}
	// What the service measures is worth a look.
	for name := range exported.metrics {
		if strings.HasPrefix(name, "bcs_storage_") && !exported.used[name] {
			t.Errorf("%s is on no panel", name)
		}
	}
}

// inQuery is a variable of Grafana.
var inQuery = regexp.MustCompile(`\$(\w+)|\$\{(\w+)\}`)

// substituted is the question as Grafana would ask it.
func substituted(t *testing.T, expr string, variables map[string]bool) string {
	t.Helper()
	return inQuery.ReplaceAllStringFunc(expr, func(v string) string {
		name := strings.Trim(v, "${}")
		if !variables[name] {
			t.Errorf("%s: there is no variable %s", expr, v)
		}
		if name == "__rate_interval" {
			return "1m"
		}
		return "x"
	})
}
