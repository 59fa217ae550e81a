package handlers

import (
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// item is a line of a bulk request and what it asks for.
type item struct {
	line  int64
	op    operation
	write storage.Write
	err   error // the line can't be carried out
}

// operations are what a line can ask for, by the word in it.
var operations = map[string]operation{"put": dynamicPut, "delete": dynamicDelete}

// members are those of a line, raw; nil where it has none.
type members struct {
	op, data, cluster, namespace, resourceType, name []byte
}

// readItem reads a line. What is wrong with it is in the item's err, always an
// ErrInvalid: the checks are those of the PUT or DELETE of one resource.
func readItem(env string, line []byte) item {
	it := item{op: dynamicPut}
	it.err = it.read(env, line)
	return it
}

func (it *item) read(env string, line []byte) error {
	if err := storage.CheckJSON("line", line); err != nil {
		return err
	}
	if storage.KindOf(line) != '{' {
		return storage.Invalid("line", "must be a JSON object")
	}
	m, err := membersOf(line)
	if err != nil {
		return err
	}
	if err := it.readOp(m); err != nil {
		return err
	}
	key, word, filter, err := m.key(env)
	if err != nil {
		return err
	}
	if it.op == dynamicDelete {
		it.write = storage.Write{Document: storage.Document{Key: key}, Filter: filter}
		return nil
	}
	it.write.Document = storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: m.data})
	return query.CheckPut(env, word, it.write.Body)
}

func membersOf(line []byte) (m members, err error) {
	for name, value := range storage.Members(line) {
		switch name {
		case "op":
			m.op = value
		case "clusterId":
			m.cluster = value
		case "namespace":
			m.namespace = value
		case "resourceType":
			m.resourceType = value
		case "resourceName":
			m.name = value
		case "data":
			m.data = value
		default:
			return m, storage.Invalid(name, "unknown member of the line")
		}
	}
	return m, nil
}

// readOp reads op, and checks that there is data exactly for a put.
func (it *item) readOp(m members) error {
	if m.op != nil {
		word, _ := textOf(m.op)
		op, ok := operations[word]
		if !ok {
			return storage.Invalid("op", "must be put or delete")
		}
		it.op = op
	}
	switch {
	case it.op == dynamicPut && m.data == nil:
		return storage.Invalid("data", "missing from the line")
	case it.op == dynamicDelete && m.data != nil:
		return storage.Invalid("data", "has no meaning for a delete")
	}
	return nil
}

// key is where the line's resource is kept, the type as the line names it, and
// the filter of what is kept under that name (see query.Stored).
func (m members) key(env string) (key storage.Key, word string, filter storage.Filter, err error) {
	cluster, err := nameMember("clusterId", m.cluster)
	if err != nil {
		return nil, "", nil, err
	}
	namespace := "" // of a resource without one
	if m.namespace != nil {
		if namespace, err = nameMember("namespace", m.namespace); err != nil {
			return nil, "", nil, err
		}
	}
	if word, err = nameMember("resourceType", m.resourceType); err != nil {
		return nil, "", nil, err
	}
	name, err := nameMember("resourceName", m.name)
	if err != nil {
		return nil, "", nil, err
	}
	stored, filter := query.Stored(env, word)
	return storage.Key{cluster, stored, namespace, name}, word, filter, nil
}

// nameMember is a member that becomes a part of a key.
func nameMember(param string, raw []byte) (string, error) {
	if raw == nil {
		return "", storage.Invalid(param, "missing from the line")
	}
	s, ok := textOf(raw)
	if !ok {
		return "", storage.Invalid(param, "must be a string")
	}
	return s, checkName(param, s)
}

// textOf is a JSON string; false for any other value.
func textOf(raw []byte) (string, bool) {
	v, _ := storage.ParseValue(raw)
	s, ok := v.Interface().(string)
	return s, ok
}
