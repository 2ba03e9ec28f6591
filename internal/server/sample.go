package server

import (
	"fmt"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// Ids and words that a development server always has, so that examples can be pasted.
const (
	SampleApp    = "c0ffee00-0000-4000-8000-00000000000a"
	SampleSecret = "anteroom-dev"
	SampleDomain = "contoso.example"

	SampleTenant entitlement.TenantID = "c0ffee00-0000-4000-8000-000000000001"
	// SampleAdmin is the person who is an administrator.
	SampleAdmin entitlement.ID = "c0ffee00-0000-4000-8000-000000000100"
)

// Person is one of the people that every tenant of a development server starts with.
type Person struct {
	ID       entitlement.ID
	Name     string // display name
	Nickname string // what stands before the @ of the user principal name
	Guest    bool
	Disabled bool
	Manager  string // nickname
}

// UPN is the user principal name.
func (p Person) UPN() string { return p.Nickname + "@" + SampleDomain }

// SamplePeople lists the people: ids end in 1 and two more digits.
var SamplePeople = []Person{
	{ID: SampleAdmin, Name: "Ada Admin", Nickname: "admin"},
	{ID: sampleID(1, 1), Name: "Alice Adams", Nickname: "alice", Manager: "bob"},
	{ID: sampleID(1, 2), Name: "Bob Brown", Nickname: "bob", Manager: "carol"},
	{ID: sampleID(1, 3), Name: "Carol Clark", Nickname: "carol"},
	{ID: sampleID(1, 4), Name: "Dave Doe", Nickname: "dave", Guest: true},
	{ID: sampleID(1, 5), Name: "Erin Evans", Nickname: "erin", Disabled: true},
}

// SampleGroup is one of the groups that every tenant of a development server starts with.
type SampleGroup struct {
	ID      entitlement.ID
	Name    string
	About   string
	Members []string // nicknames
}

// SampleGroups lists the groups: ids end in 2 and two more digits.
var SampleGroups = []SampleGroup{
	{ID: sampleID(2, 1), Name: "Engineering", About: "Those who build things.", Members: []string{"alice", "bob"}},
	{ID: sampleID(2, 2), Name: "Finance", About: "Those who count things.", Members: []string{"carol"}},
	{ID: sampleID(2, 3), Name: "VPN users", About: "May dial in from outside."},
	{ID: sampleID(2, 4), Name: "Project Falcon", About: "Sees the files of the project."},
}

func sampleID(kind, n int) entitlement.ID {
	return entitlement.ID(fmt.Sprintf("c0ffee00-0000-4000-8000-000000000%d%02d", kind, n))
}

// sampleSeed is what a tenant of a development server starts with.
func sampleSeed() *engine.Seed {
	seed := &engine.Seed{Members: make(map[entitlement.ID][]entitlement.ID)}
	byName := make(map[string]entitlement.ID)
	for _, p := range SamplePeople {
		byName[p.Nickname] = p.ID
	}
	for _, p := range SamplePeople {
		mail, nickname := p.UPN(), p.Nickname
		u := entitlement.User{
			DisplayName: p.Name, UserPrincipalName: p.UPN(), Mail: &mail, MailNickname: &nickname,
			Type: entitlement.UserMember, AccountEnabled: !p.Disabled, ManagerID: byName[p.Manager],
		}
		if p.Guest {
			u.Type = entitlement.UserGuest
		}
		u.ID = p.ID
		seed.Users = append(seed.Users, u)
	}
	for _, g := range SampleGroups {
		about := g.About
		group := entitlement.Group{DisplayName: g.Name, Description: &about, SecurityEnabled: true}
		group.ID = g.ID
		seed.Groups = append(seed.Groups, group)
		for _, name := range g.Members {
			seed.Members[g.ID] = append(seed.Members[g.ID], byName[name])
		}
	}
	return seed
}
