// Package testenv is a whole server for tests: it starts one in this process or attaches to
// one in another, makes tenants, tokens and access packages, keeps small real endpoints that
// receive callouts, and runs scenario files through HTTP. Nothing that is shipped imports it.
//
// The scenario files are in testdata/scenarios; RunScenario says what they can say.
package testenv
