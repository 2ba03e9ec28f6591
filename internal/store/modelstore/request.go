package modelstore

import (
	"time"

	"anteroom/internal/entitlement"
)

// requests are assignment requests. No two open ones ask for the same.
var requests = describe(entity[entitlement.Request]{
	meta: (*entitlement.Request).Meta,
	fields: []field[entitlement.Request]{
		word(func(o *entitlement.Request) entitlement.RequestType { return o.Type }, "requestType"),
		id(func(o *entitlement.Request) entitlement.ID { return o.PackageID }, "accessPackage/id", "assignment/accessPackage/id"),
		id(func(o *entitlement.Request) entitlement.ID { return o.PolicyID }, "assignmentPolicy/id", "assignment/assignmentPolicy/id"),
		id(func(o *entitlement.Request) entitlement.ID { return o.CatalogID }, "accessPackage/catalog/id"),
		id(func(o *entitlement.Request) entitlement.ID { return o.AssignmentID }, "assignment/id"),
		id(func(o *entitlement.Request) entitlement.ID { return o.RequestorID }, "requestor/objectId", "requestor/id"),
		id(func(o *entitlement.Request) entitlement.ID { return o.TargetID },
			"target/objectId", "target/id", "assignment/target/objectId", "assignment/target/id"),
		word(func(o *entitlement.Request) entitlement.RequestState { return o.State }, "state"),
		name(func(o *entitlement.Request) string { return o.Status }, "status"),
		instant(func(o *entitlement.Request) time.Time { return o.CompletedAt }, "completedDateTime"),
		id(func(o *entitlement.Request) entitlement.ID { return entitlement.ID(o.OpenKey) }, "openKey"),
		flag(func(o *entitlement.Request) bool { return o.Approval != "" }, "hasApproval"),
		flag(func(o *entitlement.Request) bool { return o.CompletedAt.IsZero() }, "open"),
	},
	links: []link{{path: "approver/objectId", table: "Approvers", by: "person/id", give: "request/id", on: "id"}},
	unique: []func(*entitlement.Request) (string, bool){
		func(o *entitlement.Request) (string, bool) { return o.OpenKey, o.OpenKey != "" },
	},
})
