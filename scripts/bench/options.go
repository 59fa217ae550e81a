package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	storageSQLite  = "sqlite"
	storageMongoDB = "mongodb"
	watchLocal     = "local"
	watchZooKeeper = "zookeeper"
)

// Clients at work unless -clients says otherwise.
const (
	writers = 16
	readers = 4
)

type options struct {
	bin, listen, storage, mongoURI, watch, zookeeper string
	n, events                                        int
	only                                             *regexp.Regexp
	profiles                                         string
	phase                                            time.Duration
	clients, scale                                   []int
	json, svg                                        string
}

func parseOptions(args []string, usage io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&o.bin, "bin", "", "the service's program; without it the program is built")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "where the service listens, on the loopback interface")
	flags.StringVar(&o.storage, "storage", storageSQLite, "engine of the documents: sqlite or mongodb")
	flags.StringVar(&o.mongoURI, "mongodb-uri", "", "with -storage mongodb; a database of its own is made there and dropped")
	flags.StringVar(&o.watch, "watch", watchLocal, "engine of watch data: local or zookeeper")
	flags.StringVar(&o.zookeeper, "zookeeper", "", "with -watch zookeeper; nodes below a base of their own are made there and removed")
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
	case o.storage != storageSQLite && o.storage != storageMongoDB:
		return fmt.Errorf("-storage %s: is not sqlite or mongodb", o.storage)
	case o.watch != watchLocal && o.watch != watchZooKeeper:
		return fmt.Errorf("-watch %s: is not local or zookeeper", o.watch)
	case (o.storage == storageMongoDB) != (o.mongoURI != ""):
		return errors.New("-storage mongodb and -mongodb-uri go together")
	case (o.watch == watchZooKeeper) != (o.zookeeper != ""):
		return errors.New("-watch zookeeper and -zookeeper go together")
	case !slices.IsSorted(o.scale):
		return errors.New("-scale: must be a rising list")
	case o.svg != "" && len(o.clients) < 2 && len(o.scale) < 2:
		return errors.New("-svg: needs a list of two in -clients or -scale")
	}
	hosts := []string{o.listen}
	if o.mongoURI != "" {
		found, err := mongoHosts(o.mongoURI)
		if err != nil {
			return err
		}
		hosts = append(hosts, found...)
	}
	if o.zookeeper != "" {
		hosts = append(hosts, strings.Split(o.zookeeper, ",")...)
	}
	for _, host := range hosts {
		if !isLoopback(host) {
			return fmt.Errorf("%s: is not on the loopback interface, and nothing else is loaded", host)
		}
	}
	return nil
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

// mongoHosts are the servers that a connection string names. The form that asks DNS for them is refused.
func mongoHosts(uri string) ([]string, error) {
	rest, ok := strings.CutPrefix(uri, "mongodb://")
	if !ok {
		return nil, errors.New("-mongodb-uri: does not start with mongodb://")
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return strings.Split(rest[strings.LastIndexByte(rest, '@')+1:], ","), nil
}

// isLoopback says so of a host, with or without a port. A name other than localhost is not looked up.
func isLoopback(at string) bool {
	host, _, err := net.SplitHostPort(at)
	if err != nil {
		host = at
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
