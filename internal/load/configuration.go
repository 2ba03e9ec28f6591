package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// manager is who makes the configuration: the application itself.
func (l *loader) manager() entitlement.Actor {
	return entitlement.Actor{
		Tenant: l.Tenant, ObjectID: entitlement.DeriveID("load", l.App), AppID: l.App, Name: "Loader",
		Permissions: []string{entitlement.PermissionReadWrite},
	}
}

func (l *loader) person(ctx context.Context, t *lot, n int) error {
	mail := l.principalName(n)
	nick, _, _ := strings.Cut(mail, "@")
	u := &entitlement.User{
		DisplayName: personName(n), UserPrincipalName: mail, Mail: &mail, MailNickname: &nick,
		Type: entitlement.UserMember, AccountEnabled: true,
	}
	err := t.engine.CreateUser(ctx, l.manager(), u)
	l.people[n] = u.ID
	return err
}

func personName(n int) string { return fmt.Sprintf("Person %06d", n) }

func (l *loader) principalName(n int) string {
	return fmt.Sprintf("person%06d.%s@load.example", n, l.run)
}

// catalog is a catalog with its extension.
type catalog struct{ id, extension entitlement.ID }

func (l *loader) catalog(ctx context.Context, t *lot, n int) error {
	c := &entitlement.Catalog{DisplayName: fmt.Sprintf("Catalog %04d", n), State: entitlement.CatalogPublished}
	if err := t.engine.CreateCatalog(ctx, l.manager(), c); err != nil {
		return err
	}
	timeout, retries := 2000, 1
	x := &entitlement.Extension{
		CatalogID: c.ID, Kind: entitlement.RequestExtension, DisplayName: fmt.Sprintf("Check %04d", n), CallbackTimeout: l.CallbackTimeout,
		Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: l.Endpoint},
		Client:   &entitlement.ClientConfig{TimeoutInMilliseconds: &timeout, MaximumRetries: &retries},
	}
	err := t.engine.CreateExtension(ctx, l.manager(), x)
	l.catalogs[n] = catalog{c.ID, x.ID}
	return err
}

// pkg is a package that gives a group, with a policy that lets everybody in for half a year, and
// one that asks the catalog's extension first.
type pkg struct{ id, open, checked entitlement.ID }

func (l *loader) pkg(ctx context.Context, t *lot, n int) error {
	by, c := l.manager(), l.catalogs[n%len(l.catalogs)]
	name := fmt.Sprintf("Package %05d", n)
	g := &entitlement.Group{DisplayName: name, SecurityEnabled: true}
	if err := t.engine.CreateGroup(ctx, by, g); err != nil {
		return err
	}
	if _, err := t.engine.RequestResource(ctx, by, engine.ResourceOrder{
		Type: entitlement.TypeAdminAdd, CatalogID: c.id, OriginID: string(g.ID), OriginSystem: entitlement.OriginGroup,
	}); err != nil {
		return err
	}
	p := &entitlement.Package{DisplayName: name, CatalogID: c.id}
	if err := t.engine.CreatePackage(ctx, by, p); err != nil {
		return err
	}
	if _, err := t.engine.AddRoleScope(ctx, by, engine.RoleScopeOrder{
		PackageID: p.ID, RoleOriginID: "Member_" + string(g.ID), ScopeOriginID: string(g.ID),
	}); err != nil {
		return err
	}
	made := pkg{id: p.ID}
	open := policyOf(p.ID, "For half a year")
	open.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 180 * 24 * time.Hour}
	if err := t.engine.CreatePolicy(ctx, by, open); err != nil {
		return err
	}
	checked := policyOf(p.ID, "After a check")
	checked.StageSettings = []entitlement.StageSetting{{Stage: entitlement.StageCreated, ExtensionID: c.extension}}
	err := t.engine.CreatePolicy(ctx, by, checked)
	made.open, made.checked = open.ID, checked.ID
	l.packages[n] = made
	return err
}

// policyOf is a policy by which everybody in the directory may ask for themselves.
func policyOf(pkg entitlement.ID, name string) *entitlement.Policy {
	yes := true
	return &entitlement.Policy{
		PackageID: pkg, DisplayName: name, AllowedTargetScope: entitlement.ScopeAllDirectoryUsers,
		RequestorSettings: &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: &yes},
	}
}
