package sqlstore

import "anteroom/internal/entitlement"

// assignments stores assignments. Their flag live is the condition of a unique index.
var assignments = build(entity[entitlement.Assignment]{
	table: "assignment",
	meta:  (*entitlement.Assignment).Meta,
	fields: []field[entitlement.Assignment]{
		seldom(id("package", func(o *entitlement.Assignment) *entitlement.ID { return &o.PackageID }, "accessPackage/id")),
		seldom(id("policy", func(o *entitlement.Assignment) *entitlement.ID { return &o.PolicyID }, "assignmentPolicy/id")),
		seldom(id("catalog", func(o *entitlement.Assignment) *entitlement.ID { return &o.CatalogID }, "accessPackage/catalog/id")),
		seldom(id("target", func(o *entitlement.Assignment) *entitlement.ID { return &o.TargetID }, "target/objectId", "target/id")),
		seldom(id("requestor", func(o *entitlement.Assignment) *entitlement.ID { return &o.RequestorID }, "requestor/objectId")),
		word("state", func(o *entitlement.Assignment) *entitlement.AssignmentState { return &o.State }, "state"),
	},
	flags: []condition{
		{path: "live", yes: "state IN ('delivering', 'partiallyDelivered', 'delivered')", no: "(state IS NULL OR state NOT IN ('delivering', 'partiallyDelivered', 'delivered'))"},
	},
	links: []link{{
		path: "target/holds", key: "assignment.target", column: "held.package",
		rows: "SELECT held.target FROM assignment AS held WHERE held.tenant = $1 AND held.state IN ('delivering', 'partiallyDelivered', 'delivered')",
	}},
})
