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

// mostExtensions is how many catalogs have an extension: a tenant may have 500, and may be
// filled more than once.
const mostExtensions = 400

// catalog is a catalog with its extension, if it has one.
type catalog struct{ id, extension entitlement.ID }

func (l *loader) catalog(ctx context.Context, t *lot, n int) error {
	c := &entitlement.Catalog{DisplayName: fmt.Sprintf("Catalog %04d", n), State: entitlement.CatalogPublished}
	if err := t.engine.CreateCatalog(ctx, l.manager(), c); err != nil {
		return err
	}
	l.catalogs[n] = catalog{id: c.ID}
	if n >= mostExtensions {
		return nil
	}
	timeout, retries := 2000, 1
	x := &entitlement.Extension{
		CatalogID: c.ID, Kind: entitlement.RequestExtension, DisplayName: fmt.Sprintf("Check %04d", n), CallbackTimeout: l.CallbackTimeout,
		Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: l.Endpoint},
		Client:   &entitlement.ClientConfig{TimeoutInMilliseconds: &timeout, MaximumRetries: &retries},
	}
	err := t.engine.CreateExtension(ctx, l.manager(), x)
	l.catalogs[n].extension = x.ID
	return err
}

// pkg is a package that gives a group, with its policy.
type pkg struct{ id, policy entitlement.ID }

// openEvery is of how many packages one lets people in without asking an extension.
const openEvery = 4

// isOpen reports whether the n-th package lets everybody in for half a year; the others ask the
// extension of their catalog first.
func (l *loader) isOpen(n int) bool {
	return l.Waiting == 0 || (l.Assignments > 0 && n%openEvery == 0)
}

func (l *loader) pkg(ctx context.Context, t *lot, n int) error {
	c := l.catalogs[n%min(mostExtensions, len(l.catalogs))]
	if l.isOpen(n) {
		c = l.catalogs[n/openEvery%len(l.catalogs)]
	}
	p := &entitlement.Package{DisplayName: fmt.Sprintf("Package %05d", n), CatalogID: c.id}
	if err := l.gives(ctx, t, p); err != nil {
		return err
	}
	policy := policyOf(p.ID, "After a check")
	if l.isOpen(n) {
		policy.DisplayName = "For half a year"
		policy.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 180 * 24 * time.Hour}
	} else {
		policy.StageSettings = []entitlement.StageSetting{{Stage: entitlement.StageCreated, ExtensionID: c.extension}}
	}
	err := t.engine.CreatePolicy(ctx, l.manager(), policy)
	l.packages[n] = pkg{p.ID, policy.ID}
	return err
}

// gives makes the package, and a group that it gives.
func (l *loader) gives(ctx context.Context, t *lot, p *entitlement.Package) error {
	by := l.manager()
	g := &entitlement.Group{DisplayName: p.DisplayName, SecurityEnabled: true}
	if err := t.engine.CreateGroup(ctx, by, g); err != nil {
		return err
	}
	if _, err := t.engine.RequestResource(ctx, by, engine.ResourceOrder{
		Type: entitlement.TypeAdminAdd, CatalogID: p.CatalogID, OriginID: string(g.ID), OriginSystem: entitlement.OriginGroup,
	}); err != nil {
		return err
	}
	if err := t.engine.CreatePackage(ctx, by, p); err != nil {
		return err
	}
	_, err := t.engine.AddRoleScope(ctx, by, engine.RoleScopeOrder{
		PackageID: p.ID, RoleOriginID: "Member_" + string(g.ID), ScopeOriginID: string(g.ID),
	})
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
