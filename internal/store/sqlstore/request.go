package sqlstore

import (
	"time"

	"anteroom/internal/entitlement"
)

// requests stores assignment requests. A step of a request changes its status and its body,
// and seldom its state; the last one when it was completed. What most indexes are on never changes.
var requests = build(entity[entitlement.Request]{
	table: "request",
	meta:  (*entitlement.Request).Meta,
	fields: []field[entitlement.Request]{
		seldom(word("type", func(o *entitlement.Request) *entitlement.RequestType { return &o.Type }, "requestType")),
		seldom(id("package", func(o *entitlement.Request) *entitlement.ID { return &o.PackageID }, "accessPackage/id", "assignment/accessPackage/id")),
		seldom(id("policy", func(o *entitlement.Request) *entitlement.ID { return &o.PolicyID }, "assignmentPolicy/id", "assignment/assignmentPolicy/id")),
		seldom(id("catalog", func(o *entitlement.Request) *entitlement.ID { return &o.CatalogID }, "accessPackage/catalog/id")),
		seldom(id("assignment", func(o *entitlement.Request) *entitlement.ID { return &o.AssignmentID }, "assignment/id")),
		seldom(id("requestor", func(o *entitlement.Request) *entitlement.ID { return &o.RequestorID }, "requestor/objectId", "requestor/id")),
		seldom(id("target", func(o *entitlement.Request) *entitlement.ID { return &o.TargetID },
			"target/objectId", "target/id", "assignment/target/objectId", "assignment/target/id")),
		atTheEnd(word("state", func(o *entitlement.Request) *entitlement.RequestState { return &o.State }, "state")),
		text("status", func(o *entitlement.Request) *string { return &o.Status }, "status"),
		atTheEnd(instant("completed", func(o *entitlement.Request) *time.Time { return &o.CompletedAt }, "completedDateTime")),
		seldom(opaque("approval", func(o *entitlement.Request) *string { return &o.Approval })),
		atTheEnd(opaque("open_key", func(o *entitlement.Request) *string { return &o.OpenKey }, "openKey")),
		atTheEnd(word("waits_at", func(o *entitlement.Request) *entitlement.Phase { return &o.WaitsAt })),
		atTheEnd(instant("waits_since", func(o *entitlement.Request) *time.Time { return &o.WaitsSince })),
	},
	flags: []condition{
		{path: "hasApproval", yes: "approval IS NOT NULL", no: "approval IS NULL"},
		{path: "open", yes: "completed IS NULL", no: "completed IS NOT NULL"},
	},
	links: []link{{
		path: "approver/objectId", key: "request.id", column: "approver.person",
		rows: "SELECT approver.request FROM approver WHERE approver.tenant = $1",
	}},
})
