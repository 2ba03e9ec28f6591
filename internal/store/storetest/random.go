package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

var words = []query.Value{"Finance", "finance", "FINANCE Emea", "Fin_ance", "ä", "Ä b", "", "zebra", "Σίσυφος", "a", "B"}

func oneOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// maybe is one of a few ids, or none.
func maybe(r *rand.Rand, name string) entitlement.ID {
	if n := r.IntN(4); n < 3 {
		return ID(name, n)
	}
	return ""
}

func randomObject(r *rand.Rand, n int) entitlement.Object {
	at := moment.Add(time.Duration(r.IntN(5)) * time.Microsecond)
	return entitlement.Object{ID: ID("id", n), CreatedAt: at, ModifiedAt: at}
}

func randomRequest(r *rand.Rand, n int) *entitlement.Request {
	o := &entitlement.Request{
		Object: randomObject(r, n), Type: oneOf(r, entitlement.RequestTypes...),
		PackageID: maybe(r, "package"), PolicyID: maybe(r, "policy"), CatalogID: maybe(r, "catalog"),
		AssignmentID: maybe(r, "assignment"), RequestorID: maybe(r, "user"), TargetID: maybe(r, "user"),
		State: oneOf(r, entitlement.RequestStates...), Status: oneOf(r, words...).(string),
	}
	if r.IntN(2) == 0 {
		o.CompletedAt = moment.Add(time.Duration(r.IntN(5)) * time.Microsecond)
	}
	return o
}

func requestColumns() []column[entitlement.Request] {
	type R = entitlement.Request
	list := []column[R]{
		{path: "id", get: func(o *R) query.Value { return string(o.ID) }, values: idValues("id", 60), text: true},
		{path: "createdDateTime", get: func(o *R) query.Value { return o.CreatedAt }, values: times()},
		{path: "requestType", get: func(o *R) query.Value { return orNull(o.Type) }, values: enum(entitlement.RequestTypes)},
		{path: "state", get: func(o *R) query.Value { return orNull(o.State) }, values: enum(entitlement.RequestStates)},
		{path: "status", get: func(o *R) query.Value { return o.Status }, values: words, text: true},
		{path: "open", get: func(o *R) query.Value { return o.CompletedAt.IsZero() }, values: []query.Value{true, false}, flag: true},
		{path: "completedDateTime", values: times(), get: func(o *R) query.Value {
			if o.CompletedAt.IsZero() {
				return nil
			}
			return o.CompletedAt
		}},
	}
	for _, c := range []struct {
		name  string
		ref   func(*R) entitlement.ID
		paths []string
	}{
		{"package", func(o *R) entitlement.ID { return o.PackageID }, []string{"accessPackage/id", "assignment/accessPackage/id"}},
		{"policy", func(o *R) entitlement.ID { return o.PolicyID }, []string{"assignmentPolicy/id", "assignment/assignmentPolicy/id"}},
		{"catalog", func(o *R) entitlement.ID { return o.CatalogID }, []string{"accessPackage/catalog/id"}},
		{"assignment", func(o *R) entitlement.ID { return o.AssignmentID }, []string{"assignment/id"}},
		{"user", func(o *R) entitlement.ID { return o.RequestorID }, []string{"requestor/objectId", "requestor/id"}},
		{"user", func(o *R) entitlement.ID { return o.TargetID },
			[]string{"target/objectId", "target/id", "assignment/target/objectId", "assignment/target/id"}},
	} {
		for _, p := range c.paths {
			list = append(list, column[R]{path: p, get: func(o *R) query.Value { return orNull(c.ref(o)) }, values: idValues(c.name, 4), text: true})
		}
	}
	return list
}

func randomAssignment(r *rand.Rand, n int) *entitlement.Assignment {
	o := &entitlement.Assignment{
		Object: randomObject(r, n), PackageID: maybe(r, "package"), PolicyID: ID("policy", n), CatalogID: maybe(r, "catalog"),
		TargetID: maybe(r, "user"),
	}
	if r.IntN(6) > 0 {
		o.State = oneOf(r, entitlement.AssignmentStates...)
	}
	return o
}

func assignmentColumns() []column[entitlement.Assignment] {
	type A = entitlement.Assignment
	return []column[A]{
		{path: "state", get: func(o *A) query.Value { return orNull(o.State) }, values: enum(entitlement.AssignmentStates)},
		{path: "live", get: func(o *A) query.Value { return o.State.Live() }, values: []query.Value{true, false}, flag: true},
		{path: "accessPackage/id", get: func(o *A) query.Value { return orNull(o.PackageID) }, values: idValues("package", 4)},
		{path: "assignmentPolicy/id", get: func(o *A) query.Value { return orNull(o.PolicyID) }, values: idValues("policy", 60)},
		{path: "accessPackage/catalog/id", get: func(o *A) query.Value { return orNull(o.CatalogID) }, values: idValues("catalog", 4)},
		{path: "target/objectId", get: func(o *A) query.Value { return orNull(o.TargetID) }, values: idValues("user", 4)},
		{path: "target/id", get: func(o *A) query.Value { return orNull(o.TargetID) }, values: idValues("user", 4)},
	}
}

func randomUser(r *rand.Rand, n int) *entitlement.User {
	return &entitlement.User{
		Object: randomObject(r, n), DisplayName: oneOf(r, words...).(string),
		UserPrincipalName: oneOf(r, "a", "B", "c", "Ö") + fmt.Sprintf("%d@x.example", n),
	}
}

func userColumns() []column[entitlement.User] {
	type U = entitlement.User
	return []column[U]{
		{path: "displayName", get: func(o *U) query.Value { return o.DisplayName }, values: words, text: true},
		{path: "userPrincipalName", get: func(o *U) query.Value { return o.UserPrincipalName },
			values: []query.Value{"A1@X.EXAMPLE", "b2@x.example", "ö3@x.example", "b"}, text: true},
		{path: "createdDateTime", get: func(o *U) query.Value { return o.CreatedAt }, values: times()},
	}
}

func enum[S ~string](members []S) (values []query.Value) {
	for _, m := range members {
		values = append(values, string(m))
	}
	return values
}
