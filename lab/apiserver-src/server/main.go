// An API server for demo and tests: the Kubernetes libraries k8s.io/apiserver and k8s.io/apiextensions-apiserver (request
// handling, storage, watch, server-side apply, CRDs with CEL, ValidatingAdmissionPolicy, webhooks, authentication) in one process. The
// built-in kinds are served from the types of k8s.io/api by the generic registry, with little validation; RBAC is evaluated by the
// code of Kubernetes 1.20. There is no aggregation, no priority and fairness, and no controller manager.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	apiext "k8s.io/apiextensions-apiserver/pkg/apiserver"
	apiextopts "k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	webhookinit "k8s.io/apiserver/pkg/admission/plugin/webhook/initializer"
	apiserverapi "k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	reqheader "k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/websocket"
	reqx509 "k8s.io/apiserver/pkg/authentication/request/x509"
	tokencache "k8s.io/apiserver/pkg/authentication/token/cache"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	tokenunion "k8s.io/apiserver/pkg/authentication/token/union"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	authzunion "k8s.io/apiserver/pkg/authorization/union"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/pkg/util/openapi"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	rbacauthz "lab/kubernetes/rbacauthz"
	rbacvalidation "lab/kubernetes/rbacvalidation"
	generated "lab/openapi"
)

var (
	fEtcd    = flag.String("etcd-servers", "http://127.0.0.1:2379", "")
	fBind    = flag.String("bind-address", "127.0.0.1", "")
	fPort    = flag.Int("secure-port", 6443, "")
	fCertDir = flag.String("cert-dir", "", "where apiserver.crt and apiserver.key are made without tls-cert-file")
	fCert    = flag.String("tls-cert-file", "", "")
	fKey     = flag.String("tls-private-key-file", "", "")
	fTokens  = flag.String("token-auth-file", "", "")
	fCA      = flag.String("client-ca-file", "", "")
	fIss     = flag.String("service-account-issuer", "https://kubernetes.default.svc", "")
	fSAKey   = flag.String("service-account-signing-key-file", "", "")
	fDisable = flag.String("disable-admission-plugins", "", "comma separated")
	fGates   = flag.String("feature-gates", "", "A=true,B=false")
)

func main() {
	if err := setFlags(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	if err := run(genericapiserver.SetupSignalContext()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// setFlags reads a command line of kube-apiserver and passes over the flags that are not known here.
func setFlags(args []string) error {
	for len(args) > 0 {
		name, value, given := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		args = args[1:]
		if !given && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			value, args = args[0], args[1:]
		}
		if flag.Lookup(name) == nil {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	return nil
}

func run(ctx context.Context) error {
	sro := genericoptions.NewServerRunOptions()
	if *fGates != "" {
		if err := utilfeature.DefaultMutableFeatureGate.Set(*fGates); err != nil {
			return err
		}
	}
	if err := sro.Complete(); err != nil {
		return err
	}
	cfg := genericapiserver.NewConfig(Codecs)
	if err := sro.ApplyTo(cfg); err != nil {
		return err
	}
	sso := genericoptions.NewSecureServingOptions()
	sso.BindAddress, sso.BindPort = net.ParseIP(*fBind), *fPort
	sso.ServerCert.CertKey = genericoptions.CertKey{CertFile: *fCert, KeyFile: *fKey}
	sso.ServerCert.CertDirectory, sso.ServerCert.PairName = *fCertDir, "apiserver"
	if *fCertDir != "" {
		if err := sso.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
			return err
		}
	}
	sl := sso.WithLoopback()
	if err := sl.ApplyToConfig(cfg); err != nil {
		return err
	}
	cfg.LoopbackClientConfig.QPS, cfg.LoopbackClientConfig.Burst = -1, 0
	cfg.MergedResourceConfig = apiext.DefaultAPIResourceConfigSource()
	namer := openapinamer.NewDefinitionNamer(Scheme, apiext.Scheme)
	getDefs := openapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generated.GetOpenAPIDefinitions)
	cfg.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(getDefs, namer)
	cfg.OpenAPIConfig.Info.Title = "Kubernetes"
	cfg.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(getDefs, namer)
	cfg.OpenAPIV3Config.Info.Title = "Kubernetes"
	cfg.AggregatedDiscoveryGroupManager = aggregated.NewResourceManager("apis")
	cfg.LongRunningFunc = longRunning()

	etcd := genericoptions.NewEtcdOptions(storagebackend.NewDefaultConfig("/registry", Codecs.LegacyCodec(servedGVs...)))
	etcd.StorageConfig.Transport.ServerList = strings.Split(*fEtcd, ",")
	if err := etcd.ApplyTo(cfg); err != nil {
		return err
	}

	kube, err := kubernetes.NewForConfig(cfg.LoopbackClientConfig)
	if err != nil {
		return err
	}
	dyn, err := dynamic.NewForConfig(cfg.LoopbackClientConfig)
	if err != nil {
		return err
	}
	inf := informers.NewSharedInformerFactory(kube, 10*time.Minute)

	// authentication
	iss, err := newIssuer(*fIss, *fSAKey)
	if err != nil {
		return err
	}
	iss.pods, iss.secrets = inf.Core().V1().Pods().Lister(), inf.Core().V1().Secrets().Lister()
	var toks []authenticator.Token
	if *fTokens != "" {
		t, err := tokenfile.NewCSV(*fTokens)
		if err != nil {
			return err
		}
		toks = append(toks, authenticator.WrapAudienceAgnosticToken(iss.auds, t))
	}
	toks = append(toks, iss)
	tok := tokencache.New(tokenunion.New(toks...), true, 10*time.Second, 0)
	var reqs []authenticator.Request
	if *fCA != "" {
		ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca", *fCA)
		if err != nil {
			return err
		}
		cfg.SecureServing.ClientCA = ca
		reqs = append(reqs, reqx509.NewDynamic(ca.VerifyOptions, reqx509.CommonNameUserConversion))
	}
	reqs = append(reqs, bearertoken.New(tok), websocket.NewProtocolAuthenticator(tok))
	an := group.NewAuthenticatedGroupAdder(reqheader.New(reqs...))
	cfg.Authentication.Authenticator = reqheader.NewFailOnError(an, anonymous.NewAuthenticator([]apiserverapi.AnonymousAuthCondition(nil)))
	cfg.Authentication.APIAudiences = iss.auds

	// authorization
	r := inf.Rbac().V1()
	rg, rbl := &rbacauthz.RoleGetter{Lister: r.Roles().Lister()}, &rbacauthz.RoleBindingLister{Lister: r.RoleBindings().Lister()}
	crg, crbl := &rbacauthz.ClusterRoleGetter{Lister: r.ClusterRoles().Lister()}, &rbacauthz.ClusterRoleBindingLister{Lister: r.ClusterRoleBindings().Lister()}
	rbacz := rbacauthz.New(rg, rbl, crg, crbl)
	resolver := rbacvalidation.NewDefaultRuleResolver(rg, rbl, crg, crbl)
	cfg.Authorization.Authorizer = authzunion.New(authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup), rbacz)
	cfg.RuleResolver = rbacz

	// admission
	authWrap := webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, cfg.LoopbackClientConfig, noop.NewTracerProvider())
	svcRes := webhook.NewDefaultServiceResolver()
	ao := genericoptions.NewAdmissionOptions()
	if *fDisable != "" {
		ao.DisablePlugins = strings.Split(*fDisable, ",")
	}
	if err := ao.ApplyTo(cfg, inf, kube, dyn, utilfeature.DefaultFeatureGate, cfg.EffectiveVersion,
		admission.PluginInitializer(webhookinit.NewPluginInitializer(authWrap, svcRes))); err != nil {
		return err
	}

	// CRD server (delegate)
	crdCfg := *cfg
	crdCfg.PostStartHooks = map[string]genericapiserver.PostStartHookConfigEntry{}
	crdCfg.RESTOptionsGetter = nil
	crdEtcd := *etcd
	crdEtcd.StorageConfig.Codec = apiext.Codecs.LegacyCodec(apiextv1beta1.SchemeGroupVersion, apiextv1.SchemeGroupVersion)
	crdEtcd.SkipHealthEndpoints = true
	if err := crdEtcd.ApplyTo(&crdCfg); err != nil {
		return err
	}
	ac := &apiext.Config{
		GenericConfig: &genericapiserver.RecommendedConfig{Config: crdCfg, SharedInformerFactory: inf},
		ExtraConfig: apiext.ExtraConfig{
			CRDRESTOptionsGetter: apiextopts.NewCRDRESTOptionsGetter(crdEtcd, crdCfg.ResourceTransformers, crdCfg.StorageObjectCountTracker),
			MasterCount:          1, AuthResolverWrapper: authWrap, ServiceResolver: svcRes,
		},
	}
	crd, err := ac.Complete().New(genericapiserver.NewEmptyDelegateWithCustomHandler(http.HandlerFunc(notFound)))
	if err != nil {
		return err
	}

	// core server
	cfg.BuildHandlerChainFunc = func(h http.Handler, c *genericapiserver.Config) http.Handler {
		return genericapiserver.DefaultBuildHandlerChain(legacyGroupList(h, cfg.AggregatedDiscoveryGroupManager), c)
	}
	completed := cfg.Complete(inf)
	s, err := completed.New("lab-apiserver", crd.GenericAPIServer)
	if err != nil {
		return err
	}
	if err := install(s, completed.RESTOptionsGetter, cfg, iss, resolver); err != nil {
		return err
	}
	iss.serveOIDC(s.Handler.NonGoRestfulMux)

	s.AddPostStartHookOrDie("start-kube-informers", func(hc genericapiserver.PostStartHookContext) error {
		inf.Start(hc.Done())
		return nil
	})
	s.AddPostStartHookOrDie("bootstrap-objects", func(hc genericapiserver.PostStartHookContext) error { return bootstrap(hc) })

	prep := s.PrepareRun()
	if err := joinOpenAPI(s, crd.GenericAPIServer); err != nil {
		return err
	}
	return prep.RunWithContext(ctx)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: metav1.StatusReasonNotFound, Code: 404,
		Message: "the server could not find the requested resource"})
}

// joinOpenAPI publishes the CRD server's documents through the front server's OpenAPI services.
func joinOpenAPI(s, crd *genericapiserver.GenericAPIServer) error {
	// v3: every CRD group/version, plus apiextensions.k8s.io/v1 itself
	gv := "apis/apiextensions.k8s.io/v1"
	rec := httptest.NewRecorder()
	req := httptest.NewRequest("GET", "/openapi/v3/"+gv, nil)
	req.Header.Set("Accept", "application/json")
	crd.Handler.NonGoRestfulMux.ServeHTTP(rec, req)
	var doc spec3.OpenAPI
	if rec.Code != 200 {
		return fmt.Errorf("openapi of apiextensions: %d", rec.Code)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		return err
	}
	s.OpenAPIV3VersionedService.UpdateGroupVersion(gv, &doc)
	crd.OpenAPIV3VersionedService = s.OpenAPIV3VersionedService
	// v2: union of both static documents; the CRD controller adds the CRDs on top
	m := *s.StaticOpenAPISpec
	pp, dd := map[string]spec.PathItem{}, spec.Definitions{}
	for _, x := range []*spec.Swagger{crd.StaticOpenAPISpec, s.StaticOpenAPISpec} {
		for k, v := range x.Paths.Paths {
			pp[k] = v
		}
		for k, v := range x.Definitions {
			dd[k] = v
		}
	}
	p := *m.Paths
	p.Paths = pp
	m.Paths, m.Definitions = &p, dd
	crd.StaticOpenAPISpec, crd.OpenAPIVersionedService = &m, s.OpenAPIVersionedService
	return nil
}

// legacyGroupList answers the old-style GET /apis (no aggregated discovery) with built-in and CRD groups alike.
func legacyGroupList(h http.Handler, agg http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if r.Method != "GET" || (p != "/apis" && p != "/apis/") || strings.Contains(r.Header.Get("Accept"), "apidiscovery.k8s.io") {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		q := r.Clone(r.Context())
		q.Header = http.Header{"Accept": {"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}}
		agg.ServeHTTP(rec, q)
		var l apidiscoveryv2.APIGroupDiscoveryList
		if rec.Code != 200 || json.Unmarshal(rec.Body.Bytes(), &l) != nil {
			h.ServeHTTP(w, r)
			return
		}
		out := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
		for _, g := range l.Items {
			ag := metav1.APIGroup{Name: g.Name}
			for _, v := range g.Versions {
				ag.Versions = append(ag.Versions, metav1.GroupVersionForDiscovery{GroupVersion: g.Name + "/" + v.Version, Version: v.Version})
			}
			ag.PreferredVersion = ag.Versions[0]
			out.Groups = append(out.Groups, ag)
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(out)
	})
}

func install(s *genericapiserver.GenericAPIServer, ro optsGetter, cfg *genericapiserver.Config, iss *saIssuer, resolver rbacvalidation.AuthorizationRuleResolver) error {
	groups := map[schema.GroupVersion]map[string]rest.Storage{}
	put := func(gv schema.GroupVersion, name string, st rest.Storage) {
		if groups[gv] == nil {
			groups[gv] = map[string]rest.Storage{}
		}
		groups[gv][name] = st
	}
	byName := map[string]*REST{}
	for _, r := range resources {
		st, err := newStore(r, ro)
		if err != nil {
			return fmt.Errorf("%s: %w", r.plural, err)
		}
		base := &REST{st, r}
		byName[r.plural] = base
		switch {
		case r.plural == "namespaces":
			put(r.gv, r.plural, &NamespaceREST{base})
			fin := *st
			fs := st.UpdateStrategy.(strategy)
			fs.final = true
			fin.UpdateStrategy, fin.ResetFieldsStrategy = fs, fs
			put(r.gv, "namespaces/finalize", &StatusREST{&fin})
		case r.gv.Group == rbacv1.GroupName:
			put(r.gv, r.plural, &rbacREST{base, cfg.Authorization.Authorizer, resolver})
		default:
			put(r.gv, r.plural, base)
		}
		if hasStatus(r) {
			cp := *st
			ss := st.UpdateStrategy.(strategy)
			ss.status = true
			cp.UpdateStrategy, cp.ResetFieldsStrategy = ss, ss
			put(r.gv, r.plural+"/status", &StatusREST{&cp})
		}
		if r.plural == "events" {
			er := r
			er.gv = eventsv1.SchemeGroupVersion
			put(eventsv1.SchemeGroupVersion, "events", &REST{st, er})
		}
	}
	put(corev1.SchemeGroupVersion, "serviceaccounts/token", &TokenREST{iss, byName["serviceaccounts"], byName["pods"], byName["secrets"], byName["nodes"]})
	iss.live = func(ns, name string) (*corev1.ServiceAccount, error) {
		o, err := byName["serviceaccounts"].Get(nsCtx(ns), name, &metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return o.(*corev1.ServiceAccount), nil
	}
	az, an := reviews(cfg.Authorization.Authorizer, cfg.RuleResolver, func() authenticator.Request { return cfg.Authentication.Authenticator }, iss.auds)
	for k, v := range az {
		put(authzv1.SchemeGroupVersion, k, v)
	}
	for k, v := range an {
		put(authnv1.SchemeGroupVersion, k, v)
	}
	var infos []*genericapiserver.APIGroupInfo
	for _, gv := range servedGVs {
		st, ok := groups[gv]
		if !ok {
			continue
		}
		gi := genericapiserver.NewDefaultAPIGroupInfo(gv.Group, Scheme, ParameterCodec, Codecs)
		gi.PrioritizedVersions = []schema.GroupVersion{gv}
		gi.VersionedResourcesStorageMap[gv.Version] = st
		if gv.Group == "" {
			if err := s.InstallLegacyAPIGroup(genericapiserver.DefaultLegacyAPIPrefix, &gi); err != nil {
				return err
			}
			continue
		}
		infos = append(infos, &gi)
	}
	return s.InstallAPIGroups(infos...)
}

