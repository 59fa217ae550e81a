package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bcs-storage/scripts/bench/service"
)

// Clients at work unless -clients says otherwise.
const (
	writers = 16
	readers = 4
)

type options struct {
	service.Options
	n, events      int
	only           *regexp.Regexp
	profiles       string
	phase          time.Duration
	clients, scale []int
	json, svg      string
}

func parseOptions(args []string, usage io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(usage)
	o.Flags(flags)
	flags.IntVar(&o.n, "n", 20000, fmt.Sprintf("pods, a multiple of %d", block))
	flags.IntVar(&o.events, "events", eventsOfCluster, fmt.Sprintf("events, of which a cluster has %d", eventsOfCluster))
	flags.Func("only", "measure the operations alone that this regular expression is found in", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	flags.StringVar(&o.profiles, "profiles", "", "write a CPU profile of the service for each line to this directory")
	seconds := flags.Float64("seconds", 3, "length of each phase")
	flags.Func("clients", fmt.Sprintf("clients of each operation, a list such as 1,16,256 (default: %d where it writes, %d where it reads)", writers, readers), numbers(&o.clients))
	flags.Func("scale", "measure reads again with so many times -n pods, a rising list such as 1,10,100", numbers(&o.scale))
	flags.StringVar(&o.json, "json", "", "write all figures to this file")
	flags.StringVar(&o.svg, "svg", "", "draw the curves over clients and pods to this file; needs a list of two in -clients or -scale")
	brief := flags.Bool("brief", false, fmt.Sprintf("%d pods and a fifth of a second for each phase: checks the answers, measures little", block))
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *brief {
		o.n, o.events, *seconds = block, block, 0.2
	}
	o.phase = time.Duration(*seconds * float64(time.Second))
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case o.n <= 0 || o.n%block != 0:
		return fmt.Errorf("-n %d: must be a multiple of %d", o.n, block)
	case o.events < 100:
		return fmt.Errorf("-events %d: must be 100 or more", o.events)
	case o.profiles != "" && o.phase < time.Second:
		return errors.New("-profiles: a profile takes a second or more")
	case o.phase <= 0:
		return errors.New("-seconds: must be more than 0")
	case !slices.IsSorted(o.scale):
		return errors.New("-scale: must be a rising list")
	case o.svg != "" && len(o.clients) < 2 && len(o.scale) < 2:
		return errors.New("-svg: needs a list of two in -clients or -scale")
	}
	return o.Check()
}

// asks says whether op is to be measured.
func (o options) asks(op operation) bool { return o.only == nil || o.only.MatchString(op.name) }

// clientsOf are the numbers of clients with which op is measured.
func (o options) clientsOf(op operation) []int {
	switch {
	case len(o.clients) > 0:
		return o.clients
	case op.write:
		return []int{writers}
	}
	return []int{readers}
}

func numbers(to *[]int) func(string) error {
	return func(text string) error {
		*to = nil
		for _, word := range strings.Split(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no positive number", word)
			}
			*to = append(*to, n)
		}
		return nil
	}
}
