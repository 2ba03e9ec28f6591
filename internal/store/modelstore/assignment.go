package modelstore

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// assignments are assignments. A target has at most one live one of a policy.
var assignments = describe(entity[entitlement.Assignment]{
	meta: (*entitlement.Assignment).Meta,
	fields: []field[entitlement.Assignment]{
		id(func(o *entitlement.Assignment) entitlement.ID { return o.PackageID }, "accessPackage/id"),
		id(func(o *entitlement.Assignment) entitlement.ID { return o.PolicyID }, "assignmentPolicy/id"),
		id(func(o *entitlement.Assignment) entitlement.ID { return o.CatalogID }, "accessPackage/catalog/id"),
		id(func(o *entitlement.Assignment) entitlement.ID { return o.TargetID }, "target/objectId", "target/id"),
		id(func(o *entitlement.Assignment) entitlement.ID { return o.RequestorID }, "requestor/objectId"),
		word(func(o *entitlement.Assignment) entitlement.AssignmentState { return o.State }, "state"),
		flag(func(o *entitlement.Assignment) bool { return o.State.Live() }, "live"),
	},
	links: []link{{
		path: "target/holds", table: "Assignments", by: "accessPackage/id", only: query.Equal("live", true),
		give: "target/id", on: "target/id",
	}},
	unique: []func(*entitlement.Assignment) (string, bool){
		func(o *entitlement.Assignment) (string, bool) {
			key, ok := join(o.PolicyID, o.TargetID)
			return key, ok && o.State.Live()
		},
	},
})
