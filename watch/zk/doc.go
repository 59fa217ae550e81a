// Package zk keeps watch payloads in ZooKeeper, where programs such as load
// balancers follow them: the payload of a node, as it was put, is the data of
// the persistent znode
//
//	/{base}/{env}/{cluster}/{type}/{namespace}.{name}
//
// The client library takes no context, keeps calls waiting while there is no
// connection, and sends them late. So no call enters it without a session, each
// call runs in a goroutine that its caller can abandon, and the number of those
// is bounded. The engine keeps nothing in memory about what is in ZooKeeper.
package zk
