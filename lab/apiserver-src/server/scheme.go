package main

import (
	"fmt"
	"strings"

	admv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	autov2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certv1 "k8s.io/api/certificates/v1"
	coordv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	netv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedv1 "k8s.io/api/scheduling/v1"
	storv1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"

	dadm "lab/kubernetes/defaults/admissionregistration"
	dapps "lab/kubernetes/defaults/apps"
	dbatch "lab/kubernetes/defaults/batch"
	dcore "lab/kubernetes/defaults/core"
	dnet "lab/kubernetes/defaults/networking"
	drbac "lab/kubernetes/defaults/rbac"
	dsched "lab/kubernetes/defaults/scheduling"
	dstor "lab/kubernetes/defaults/storage"
)

// The hub ("internal") version of every built-in kind is its v1 Go type, registered under both versions.
var (
	Scheme         = runtime.NewScheme()
	Codecs         serializer.CodecFactory
	ParameterCodec runtime.ParameterCodec
	servedGVs      = []schema.GroupVersion{
		corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion, coordv1.SchemeGroupVersion,
		eventsv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion, admv1.SchemeGroupVersion, policyv1.SchemeGroupVersion,
		netv1.SchemeGroupVersion, storv1.SchemeGroupVersion, schedv1.SchemeGroupVersion, discv1.SchemeGroupVersion,
		nodev1.SchemeGroupVersion, autov2.SchemeGroupVersion, certv1.SchemeGroupVersion,
		authnv1.SchemeGroupVersion, authzv1.SchemeGroupVersion,
	}
)

type res struct {
	gv         schema.GroupVersion
	plural     string
	short      string
	namespaced bool
	obj, list  runtime.Object
}

var resources = []res{
	{corev1.SchemeGroupVersion, "namespaces", "ns", false, &corev1.Namespace{}, &corev1.NamespaceList{}},
	{corev1.SchemeGroupVersion, "configmaps", "cm", true, &corev1.ConfigMap{}, &corev1.ConfigMapList{}},
	{corev1.SchemeGroupVersion, "secrets", "", true, &corev1.Secret{}, &corev1.SecretList{}},
	{corev1.SchemeGroupVersion, "serviceaccounts", "sa", true, &corev1.ServiceAccount{}, &corev1.ServiceAccountList{}},
	{corev1.SchemeGroupVersion, "events", "ev", true, &corev1.Event{}, &corev1.EventList{}},
	{corev1.SchemeGroupVersion, "nodes", "no", false, &corev1.Node{}, &corev1.NodeList{}},
	{corev1.SchemeGroupVersion, "pods", "po", true, &corev1.Pod{}, &corev1.PodList{}},
	{corev1.SchemeGroupVersion, "podtemplates", "", true, &corev1.PodTemplate{}, &corev1.PodTemplateList{}},
	{corev1.SchemeGroupVersion, "services", "svc", true, &corev1.Service{}, &corev1.ServiceList{}},
	{corev1.SchemeGroupVersion, "endpoints", "ep", true, &corev1.Endpoints{}, &corev1.EndpointsList{}},
	{corev1.SchemeGroupVersion, "persistentvolumes", "pv", false, &corev1.PersistentVolume{}, &corev1.PersistentVolumeList{}},
	{corev1.SchemeGroupVersion, "persistentvolumeclaims", "pvc", true, &corev1.PersistentVolumeClaim{}, &corev1.PersistentVolumeClaimList{}},
	{corev1.SchemeGroupVersion, "resourcequotas", "quota", true, &corev1.ResourceQuota{}, &corev1.ResourceQuotaList{}},
	{corev1.SchemeGroupVersion, "limitranges", "limits", true, &corev1.LimitRange{}, &corev1.LimitRangeList{}},
	{corev1.SchemeGroupVersion, "replicationcontrollers", "rc", true, &corev1.ReplicationController{}, &corev1.ReplicationControllerList{}},
	{appsv1.SchemeGroupVersion, "deployments", "deploy", true, &appsv1.Deployment{}, &appsv1.DeploymentList{}},
	{appsv1.SchemeGroupVersion, "replicasets", "rs", true, &appsv1.ReplicaSet{}, &appsv1.ReplicaSetList{}},
	{appsv1.SchemeGroupVersion, "statefulsets", "sts", true, &appsv1.StatefulSet{}, &appsv1.StatefulSetList{}},
	{appsv1.SchemeGroupVersion, "daemonsets", "ds", true, &appsv1.DaemonSet{}, &appsv1.DaemonSetList{}},
	{appsv1.SchemeGroupVersion, "controllerrevisions", "", true, &appsv1.ControllerRevision{}, &appsv1.ControllerRevisionList{}},
	{batchv1.SchemeGroupVersion, "jobs", "", true, &batchv1.Job{}, &batchv1.JobList{}},
	{batchv1.SchemeGroupVersion, "cronjobs", "cj", true, &batchv1.CronJob{}, &batchv1.CronJobList{}},
	{coordv1.SchemeGroupVersion, "leases", "", true, &coordv1.Lease{}, &coordv1.LeaseList{}},
	{rbacv1.SchemeGroupVersion, "roles", "", true, &rbacv1.Role{}, &rbacv1.RoleList{}},
	{rbacv1.SchemeGroupVersion, "rolebindings", "", true, &rbacv1.RoleBinding{}, &rbacv1.RoleBindingList{}},
	{rbacv1.SchemeGroupVersion, "clusterroles", "", false, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleList{}},
	{rbacv1.SchemeGroupVersion, "clusterrolebindings", "", false, &rbacv1.ClusterRoleBinding{}, &rbacv1.ClusterRoleBindingList{}},
	{admv1.SchemeGroupVersion, "validatingadmissionpolicies", "", false, &admv1.ValidatingAdmissionPolicy{}, &admv1.ValidatingAdmissionPolicyList{}},
	{admv1.SchemeGroupVersion, "validatingadmissionpolicybindings", "", false, &admv1.ValidatingAdmissionPolicyBinding{}, &admv1.ValidatingAdmissionPolicyBindingList{}},
	{admv1.SchemeGroupVersion, "mutatingadmissionpolicies", "", false, &admv1.MutatingAdmissionPolicy{}, &admv1.MutatingAdmissionPolicyList{}},
	{admv1.SchemeGroupVersion, "mutatingadmissionpolicybindings", "", false, &admv1.MutatingAdmissionPolicyBinding{}, &admv1.MutatingAdmissionPolicyBindingList{}},
	{admv1.SchemeGroupVersion, "validatingwebhookconfigurations", "", false, &admv1.ValidatingWebhookConfiguration{}, &admv1.ValidatingWebhookConfigurationList{}},
	{admv1.SchemeGroupVersion, "mutatingwebhookconfigurations", "", false, &admv1.MutatingWebhookConfiguration{}, &admv1.MutatingWebhookConfigurationList{}},
	{policyv1.SchemeGroupVersion, "poddisruptionbudgets", "pdb", true, &policyv1.PodDisruptionBudget{}, &policyv1.PodDisruptionBudgetList{}},
	{netv1.SchemeGroupVersion, "ingresses", "ing", true, &netv1.Ingress{}, &netv1.IngressList{}},
	{netv1.SchemeGroupVersion, "ingressclasses", "", false, &netv1.IngressClass{}, &netv1.IngressClassList{}},
	{netv1.SchemeGroupVersion, "networkpolicies", "netpol", true, &netv1.NetworkPolicy{}, &netv1.NetworkPolicyList{}},
	{storv1.SchemeGroupVersion, "storageclasses", "sc", false, &storv1.StorageClass{}, &storv1.StorageClassList{}},
	{storv1.SchemeGroupVersion, "csidrivers", "", false, &storv1.CSIDriver{}, &storv1.CSIDriverList{}},
	{storv1.SchemeGroupVersion, "csinodes", "", false, &storv1.CSINode{}, &storv1.CSINodeList{}},
	{storv1.SchemeGroupVersion, "volumeattachments", "", false, &storv1.VolumeAttachment{}, &storv1.VolumeAttachmentList{}},
	{schedv1.SchemeGroupVersion, "priorityclasses", "pc", false, &schedv1.PriorityClass{}, &schedv1.PriorityClassList{}},
	{discv1.SchemeGroupVersion, "endpointslices", "", true, &discv1.EndpointSlice{}, &discv1.EndpointSliceList{}},
	{nodev1.SchemeGroupVersion, "runtimeclasses", "", false, &nodev1.RuntimeClass{}, &nodev1.RuntimeClassList{}},
	{autov2.SchemeGroupVersion, "horizontalpodautoscalers", "hpa", true, &autov2.HorizontalPodAutoscaler{}, &autov2.HorizontalPodAutoscalerList{}},
	{certv1.SchemeGroupVersion, "certificatesigningrequests", "csr", false, &certv1.CertificateSigningRequest{}, &certv1.CertificateSigningRequestList{}},
}

func singular(plural string) string {
	switch {
	case strings.HasSuffix(plural, "policies"):
		return strings.TrimSuffix(plural, "ies") + "y"
	case strings.HasSuffix(plural, "classes"), strings.HasSuffix(plural, "ingresses"):
		return strings.TrimSuffix(plural, "es")
	case plural == "endpoints":
		return plural
	}
	return strings.TrimSuffix(plural, "s")
}

var unversioned = []runtime.Object{&metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{}}

func init() {
	utilruntime.Must(clientscheme.AddToScheme(Scheme))
	metav1.AddToGroupVersion(Scheme, schema.GroupVersion{Version: "v1"})
	Scheme.AddUnversionedTypes(schema.GroupVersion{Version: "v1"}, unversioned...)
	skip := map[string]bool{"WatchEvent": true, "ListOptions": true, "GetOptions": true, "DeleteOptions": true, "CreateOptions": true, "UpdateOptions": true, "PatchOptions": true, "ExportOptions": true,
		"Status": true, "APIVersions": true, "APIGroupList": true, "APIGroup": true, "APIResourceList": true}
	for _, gv := range servedGVs {
		internal := schema.GroupVersion{Group: gv.Group, Version: runtime.APIVersionInternal}
		for kind := range Scheme.KnownTypes(gv) {
			if skip[kind] || (gv.Group == "events.k8s.io") {
				continue
			}
			o, err := Scheme.New(gv.WithKind(kind))
			utilruntime.Must(err)
			if strings.Contains(fmt.Sprintf("%T", o), "meta") || strings.HasPrefix(fmt.Sprintf("%T", o), "*v1.Internal") {
				continue
			}
			Scheme.AddKnownTypeWithName(internal.WithKind(kind), o)
		}
		utilruntime.Must(Scheme.SetVersionPriority(gv))
	}
	// events.k8s.io is served out of core/v1 Events, as in kube-apiserver
	ei := schema.GroupVersion{Group: "events.k8s.io", Version: runtime.APIVersionInternal}
	Scheme.AddKnownTypeWithName(ei.WithKind("Event"), &corev1.Event{})
	Scheme.AddKnownTypeWithName(ei.WithKind("EventList"), &corev1.EventList{})
	utilruntime.Must(addEventConversions(Scheme))

	for _, f := range []func(*runtime.Scheme) error{dcore.RegisterDefaults, dapps.RegisterDefaults, dbatch.RegisterDefaults, drbac.RegisterDefaults, dadm.RegisterDefaults, dnet.RegisterDefaults, dstor.RegisterDefaults, dsched.RegisterDefaults} {
		utilruntime.Must(f(Scheme))
	}
	addPolicyDefaults(Scheme)
	addFieldLabels(Scheme)
	Codecs = serializer.NewCodecFactory(Scheme)
	ParameterCodec = runtime.NewParameterCodec(Scheme)
}

func addPolicyDefaults(s *runtime.Scheme) {
	eq, fail, all := admv1.Equivalent, admv1.Fail, admv1.AllScopes
	mr := func(m *admv1.MatchResources) {
		if m == nil {
			return
		}
		if m.MatchPolicy == nil {
			m.MatchPolicy = &eq
		}
		if m.NamespaceSelector == nil {
			m.NamespaceSelector = &metav1.LabelSelector{}
		}
		if m.ObjectSelector == nil {
			m.ObjectSelector = &metav1.LabelSelector{}
		}
		for _, rs := range [][]admv1.NamedRuleWithOperations{m.ResourceRules, m.ExcludeResourceRules} {
			for i := range rs {
				if rs[i].Scope == nil {
					rs[i].Scope = &all
				}
			}
		}
	}
	pr := func(p *admv1.ParamRef) {
		if p != nil && p.ParameterNotFoundAction == nil {
			d := admv1.DenyAction
			p.ParameterNotFoundAction = &d
		}
	}
	s.AddTypeDefaultingFunc(&admv1.ValidatingAdmissionPolicy{}, func(o interface{}) {
		p := o.(*admv1.ValidatingAdmissionPolicy)
		if p.Spec.FailurePolicy == nil {
			p.Spec.FailurePolicy = &fail
		}
		mr(p.Spec.MatchConstraints)
	})
	s.AddTypeDefaultingFunc(&admv1.ValidatingAdmissionPolicyBinding{}, func(o interface{}) {
		p := o.(*admv1.ValidatingAdmissionPolicyBinding)
		mr(p.Spec.MatchResources)
		pr(p.Spec.ParamRef)
	})
	s.AddTypeDefaultingFunc(&admv1.MutatingAdmissionPolicy{}, func(o interface{}) {
		p := o.(*admv1.MutatingAdmissionPolicy)
		if p.Spec.FailurePolicy == nil {
			p.Spec.FailurePolicy = &fail
		}
		mr(p.Spec.MatchConstraints)
	})
	s.AddTypeDefaultingFunc(&admv1.MutatingAdmissionPolicyBinding{}, func(o interface{}) {
		p := o.(*admv1.MutatingAdmissionPolicyBinding)
		mr(p.Spec.MatchResources)
		pr(p.Spec.ParamRef)
	})
}

// selectable fields beyond metadata.name / metadata.namespace
var fieldLabels = map[string][]string{
	"Event":                     {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"},
	"Pod":                       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP", "status.nominatedNodeName"},
	"Secret":                    {"type"},
	"Node":                      {"spec.unschedulable"},
	"Namespace":                 {"status.phase"},
	"Job":                       {"status.successful"},
	"CertificateSigningRequest": {"spec.signerName"},
}

func addFieldLabels(s *runtime.Scheme) {
	for kind, labels := range fieldLabels {
		for _, gv := range servedGVs {
			if !s.Recognizes(gv.WithKind(kind)) {
				continue
			}
			ok := map[string]bool{"metadata.name": true, "metadata.namespace": true}
			for _, l := range labels {
				ok[l] = true
				if gv.Group == "events.k8s.io" && strings.HasPrefix(l, "involvedObject") {
					ok["regarding"+strings.TrimPrefix(l, "involvedObject")] = true
				}
			}
			utilruntime.Must(s.AddFieldLabelConversionFunc(gv.WithKind(kind), func(label, value string) (string, string, error) {
				if !ok[label] {
					return "", "", fmt.Errorf("field label not supported: %s", label)
				}
				return strings.Replace(label, "regarding", "involvedObject", 1), value, nil
			}))
		}
	}
}

func addEventConversions(s *runtime.Scheme) error {
	to := func(in *eventsv1.Event, out *corev1.Event) {
		*out = corev1.Event{ObjectMeta: in.ObjectMeta, InvolvedObject: in.Regarding, Related: in.Related, Reason: in.Reason, Message: in.Note,
			Source: in.DeprecatedSource, FirstTimestamp: in.DeprecatedFirstTimestamp, LastTimestamp: in.DeprecatedLastTimestamp, Count: in.DeprecatedCount,
			Type: in.Type, EventTime: in.EventTime, Action: in.Action, ReportingController: in.ReportingController, ReportingInstance: in.ReportingInstance}
		if in.Series != nil {
			out.Series = &corev1.EventSeries{Count: in.Series.Count, LastObservedTime: in.Series.LastObservedTime}
		}
	}
	from := func(in *corev1.Event, out *eventsv1.Event) {
		*out = eventsv1.Event{ObjectMeta: in.ObjectMeta, Regarding: in.InvolvedObject, Related: in.Related, Reason: in.Reason, Note: in.Message,
			DeprecatedSource: in.Source, DeprecatedFirstTimestamp: in.FirstTimestamp, DeprecatedLastTimestamp: in.LastTimestamp, DeprecatedCount: in.Count,
			Type: in.Type, EventTime: in.EventTime, Action: in.Action, ReportingController: in.ReportingController, ReportingInstance: in.ReportingInstance}
		if in.Series != nil {
			out.Series = &eventsv1.EventSeries{Count: in.Series.Count, LastObservedTime: in.Series.LastObservedTime}
		}
	}
	if err := s.AddConversionFunc((*eventsv1.Event)(nil), (*corev1.Event)(nil), func(a, b interface{}, _ conversion.Scope) error {
		to(a.(*eventsv1.Event), b.(*corev1.Event))
		return nil
	}); err != nil {
		return err
	}
	if err := s.AddConversionFunc((*corev1.Event)(nil), (*eventsv1.Event)(nil), func(a, b interface{}, _ conversion.Scope) error {
		from(a.(*corev1.Event), b.(*eventsv1.Event))
		return nil
	}); err != nil {
		return err
	}
	if err := s.AddConversionFunc((*eventsv1.EventList)(nil), (*corev1.EventList)(nil), func(a, b interface{}, _ conversion.Scope) error {
		in, out := a.(*eventsv1.EventList), b.(*corev1.EventList)
		out.ListMeta = in.ListMeta
		out.Items = make([]corev1.Event, len(in.Items))
		for i := range in.Items {
			to(&in.Items[i], &out.Items[i])
		}
		return nil
	}); err != nil {
		return err
	}
	return s.AddConversionFunc((*corev1.EventList)(nil), (*eventsv1.EventList)(nil), func(a, b interface{}, _ conversion.Scope) error {
		in, out := a.(*corev1.EventList), b.(*eventsv1.EventList)
		out.ListMeta = in.ListMeta
		out.Items = make([]eventsv1.Event, len(in.Items))
		for i := range in.Items {
			from(&in.Items[i], &out.Items[i])
		}
		return nil
	})
}
