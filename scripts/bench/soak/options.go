package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"bcs-storage/scripts/bench/service"
)

type options struct {
	service.Options
	duration time.Duration
	clients  int
	seed     uint64
	race     bool
}

// maxClients bounds what the machine is asked for: each has a few connections and documents of its own.
const maxClients = 64

func parseOptions(args []string, usage io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(usage)
	o.Flags(flags)
	flags.DurationVar(&o.duration, "duration", 10*time.Minute, "how long the traffic lasts, beside warm-up and what is before and after it")
	flags.IntVar(&o.clients, "clients", 16, fmt.Sprintf("clients at work at a time, at most %d", maxClients))
	flags.Uint64Var(&o.seed, "seed", rand.Uint64N(1e6), "what all choices are made from; the one of another run repeats its choices")
	flags.BoolVar(&o.race, "race", false, "build the service with the race detector; needs a C compiler")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	case o.duration <= 0:
		return o, errors.New("-duration: must be more than 0")
	case o.clients < 1 || o.clients > maxClients:
		return o, fmt.Errorf("-clients: must be from 1 to %d", maxClients)
	case o.race && o.Bin != "":
		return o, errors.New("-race: has no effect on a program that is given with -bin")
	}
	return o, o.Check()
}

// warmUp is how long the same traffic lasts before anything is compared: pools are full then, and caches warm.
func (o options) warmUp() time.Duration { return min(20*time.Second, o.duration/4) }
