package main

import (
	"errors"
	"image/color"
	"io"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Size of one panel, and of the legend beside them.
const (
	panelWidth  = 12 * vg.Centimeter
	legendWidth = 7 * vg.Centimeter
	panelHeight = 10 * vg.Centimeter
)

func (r *report) writeSVG(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(r.draw(f), f.Close())
}

// draw draws what grows: throughput over clients, and time over pods.
func (r *report) draw(out io.Writer) error {
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	shown := map[string]int{} // operations and their colours, the same in all panels
	var panels []*plot.Plot
	for _, p := range []struct {
		x, y   string
		curves []curve
		at     func(row) int
		value  func(row) float64
	}{
		{"clients", "operations per second", curvesOf(r.Rows, clientsOfRow), clientsOfRow, func(m row) float64 { return m.PerSecond }},
		{"pods", "median time, ms", curvesOf(r.Growth, documentsOfRow), documentsOfRow, func(m row) float64 { return m.P50 }},
	} {
		if len(p.curves) == 0 {
			continue
		}
		panel := plot.New()
		panel.X.Label.Text, panel.Y.Label.Text = p.x, p.y
		panel.Add(plotter.NewGrid())
		for _, c := range p.curves {
			var points plotter.XYs
			for _, m := range c.rows {
				if y := p.value(m); y > 0 { // the axes are logarithmic
					points = append(points, plotter.XY{X: float64(p.at(m)), Y: y})
				}
			}
			if len(points) == 0 {
				continue
			}
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return err
			}
			i, old := shown[c.name]
			if !old {
				i = len(shown)
				shown[c.name] = i
				legend.Add(c.name, line, dots)
			}
			line.Color, dots.Color = plotutil.Color(i), plotutil.Color(i)
			line.Dashes, dots.Shape = plotutil.Dashes(i/len(plotutil.DefaultColors)), plotutil.Shape(i)
			panel.Add(line, dots)
		}
		for _, axis := range []*plot.Axis{&panel.X, &panel.Y} {
			axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
			// Whole decades: an axis on which nothing differs has no length otherwise.
			axis.Min = math.Pow10(int(math.Floor(math.Log10(axis.Min))))
			axis.Max = math.Pow10(int(math.Floor(math.Log10(axis.Max))) + 1)
		}
		panels = append(panels, panel)
	}
	if len(panels) == 0 {
		return errors.New("there is no curve to draw")
	}
	canvas := vgsvg.New(panelWidth*vg.Length(len(panels))+legendWidth, panelHeight)
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	for i, panel := range panels {
		left := panelWidth * vg.Length(i)
		panel.Draw(draw.Crop(all, left, left+panelWidth-all.Max.X, 0, 0))
	}
	legend.Draw(draw.Crop(all, all.Max.X-legendWidth, 0, 0, -vg.Centimeter))
	_, err := canvas.WriteTo(out)
	return err
}

func clientsOfRow(m row) int { return m.Clients }

func documentsOfRow(m row) int { return m.Documents }
