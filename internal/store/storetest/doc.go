// Package storetest holds what every store.Store must pass. It is called by the tests
// of an implementation, for each way to open it, and knows nothing of any of them.
//
// Objects are filled by reflection, so that a member added to an entity is tested
// without a change here. A new entity needs a line in fixtures.
package storetest
