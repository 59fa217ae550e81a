package handlers

// verb is what an operation does to resources; it decides code and text of a failure.
type verb int

const (
	put verb = iota
	get
	remove
	list
	verbs // how many there are
)

// operation is the sort of thing that a route does. Together with the dialect
// it decides what a failure looks like.
type operation struct {
	verb verb
	// plain operations (watch data and metrics) fail with data null where the
	// document says [] for dynamic data.
	plain bool
	// watch operations have codes of their own in the field.
	watch bool
	// counted operations answer a total.
	counted bool
}

// The operations, by the section of the API document.
var (
	dynamicPut, dynamicGet = operation{verb: put}, operation{verb: get}
	dynamicDelete          = operation{verb: remove}
	dynamicList            = operation{verb: list}
	eventList              = operation{verb: list, counted: true}
	plainPut, plainGet     = operation{verb: put, plain: true}, operation{verb: get, plain: true}
	plainDelete            = operation{verb: remove, plain: true}
	plainList              = operation{verb: list, plain: true}
	watchPut, watchGet     = operation{verb: put, plain: true, watch: true}, operation{verb: get, plain: true, watch: true}
	watchDelete            = operation{verb: remove, plain: true, watch: true}
	watchList              = operation{verb: list, plain: true, watch: true}
	noOperation            = operation{verb: get, plain: true} // the router's refusals
)

// failure is how a failed operation presents itself.
type failure struct {
	code int
	text string // a sentence; what was wrong follows it
}

// Dialect is the form of the answers. The API document and the service in the
// field disagree about it; nothing else depends on the dialect.
type Dialect struct {
	// Name is the word for it in the configuration.
	Name string
	// success is the message of a successful answer.
	success string
	// written is the data of a successful write.
	written string
	// itemInArray: GET of one dynamic resource answers an array of one.
	itemInArray bool
	// failures by verb; watchPut for the one operation that differs.
	failures [verbs]failure
	watchPut failure
	// missing is for a GET of something that is not there, watch data excepted.
	missing failure
	// empty is the data of a failure.
	empty func(operation) string
	// totalOfFailure: a counted operation that fails says total 0.
	totalOfFailure bool
}

// Documented answers as the API document V0.9.0 shows.
func Documented() Dialect {
	d := Dialect{
		Name:        "documented",
		success:     "Success",
		written:     "null",
		itemInArray: true,
		failures: [verbs]failure{
			put:    {10003, "Put resource failed."},
			get:    {10004, "Get resource failed."},
			remove: {10005, "Delete resource failed."},
			list:   {10006, "List resource failed."},
		},
		empty: func(op operation) string {
			if !op.plain && (op.verb == get || op.verb == list) {
				return "[]"
			}
			return "null"
		},
	}
	d.watchPut, d.missing = d.failures[put], d.failures[get]
	return d
}

// Deployed answers as the service in the field does.
func Deployed() Dialect {
	return Dialect{
		Name:    "deployed",
		success: "success",
		written: "{}",
		failures: [verbs]failure{
			put:    {1405082, "(bcs-storage):put resource failed."},
			get:    {1405083, "(bcs-storage):get resource failed."},
			remove: {1405084, "(bcs-storage):delete resource failed."},
			list:   {1405085, "(bcs-storage):list resource failed."},
		},
		totalOfFailure: true,
		watchPut:       failure{1405080, "(bcs-storage):request data unmarshal failed."},
		missing:        failure{1405087, "(bcs-storage):resource does not exist."},
		empty: func(op operation) string {
			if op.verb == list {
				return "[]"
			}
			return "{}"
		},
	}
}

// failure is how op fails; missing says that it was because there is no such item.
func (d *Dialect) failure(op operation, missing bool) failure {
	switch {
	case missing && !op.watch:
		return d.missing
	case op == watchPut:
		return d.watchPut
	}
	return d.failures[op.verb]
}
