package ccs

// The answers, field by field as the seed has them: in the order of its samples,
// then what only its tables have. Lists that are nil are written as null.
type (
	clusterList struct {
		TotalCount int             `json:"totalCount"`
		Clusters   []clusterAnswer `json:"clusters"`
	}
	clusterAnswer struct {
		ClusterID   string `json:"clusterId"`
		ClusterName string `json:"clusterName"`
		Description string `json:"description"`
		Status      string `json:"status"`
		UnVpcID     string `json:"unVpcId"`
		VpcID       int    `json:"vpcId"`
		ClusterCIDR string `json:"clusterCIDR"`
		CreatedAt   string `json:"createdAt"`
		UpdatedAt   string `json:"updatedAt"`
		NodeStatus  string `json:"nodeStatus"`
		NodeNum     int    `json:"nodeNum"`
		OS          string `json:"os"`
		TotalCPU    int64  `json:"totalCpu"`
		TotalMem    int64  `json:"totalMem"`
		RegionID    int    `json:"regionId"`
		Region      string `json:"region"`
		K8sVersion  string `json:"k8sVersion"`
		Endpoint    any    `json:"clusterExternalEndpoint"`
		ProjectID   int    `json:"projectId"`
	}

	nodeList struct {
		TotalCount int          `json:"totalCount"`
		Nodes      []nodeAnswer `json:"nodes"`
	}
	nodeAnswer struct {
		InstanceID         string `json:"instanceId"`
		InstanceName       string `json:"instanceName"`
		WanIP              string `json:"wanIp"`
		LanIP              string `json:"lanIp"`
		KernelVersion      string `json:"kernelVersion"`
		OSImage            string `json:"osImage"`
		PodCIDR            string `json:"podCidr"`
		IsNormal           int    `json:"isNormal"`
		AbnormalReason     string `json:"abnormalReason"`
		CvmState           int    `json:"cvmState"`
		ZoneID             int    `json:"zoneId"`
		Zone               string `json:"zone"`
		CvmPayMode         int    `json:"cvmPayMode"`
		NetworkPayMode     int    `json:"networkPayMode"`
		CreatedAt          string `json:"createdAt"`
		InstanceCreateTime string `json:"instanceCreateTime"`
		InstanceDeadline   string `json:"instanceDeadlineTime"`
		InstanceType       string `json:"instanceType"`
		CPU                int64  `json:"cpu"`
		Mem                int64  `json:"mem"`
	}

	serviceList struct {
		TotalCount int             `json:"totalCount"`
		Services   []serviceAnswer `json:"services"`
	}
	serviceAnswer struct {
		ServiceName     string         `json:"serviceName"`
		Status          string         `json:"status"`
		ReasonMap       map[string]int `json:"reasonMap"`
		ServiceIP       string         `json:"serviceIp"`
		ExternalIP      string         `json:"externalIp"`
		LBID            string         `json:"lbId"`
		LBStatus        string         `json:"lbStatus"`
		AccessType      string         `json:"accessType"`
		DesiredReplicas int            `json:"desiredReplicas"`
		CurrentReplicas int            `json:"currentReplicas"`
		CreatedAt       string         `json:"createdAt"`
		Namespace       string         `json:"namespace"`
	}

	serviceInfo struct {
		Service serviceDetail `json:"service"`
	}
	serviceDetail struct {
		ServiceName     string            `json:"serviceName"`
		ServiceDesc     string            `json:"serviceDesc"`
		Status          string            `json:"status"`
		ReasonMap       map[string]int    `json:"reasonMap"`
		Reason          string            `json:"reason"`
		RegionID        int               `json:"regionId"`
		DesiredReplicas int               `json:"desiredReplicas"`
		CurrentReplicas int               `json:"currentReplicas"`
		LBID            string            `json:"lbId"`
		LBStatus        string            `json:"lbStatus"`
		CreatedAt       string            `json:"createdAt"`
		AccessType      string            `json:"accessType"`
		ServiceIP       string            `json:"serviceIp"`
		ExternalIP      string            `json:"externalIp"`
		Namespace       string            `json:"namespace"`
		PortMappings    []portMapping     `json:"portMappings"`
		Containers      []containerSpec   `json:"containers"`
		Selector        map[string]string `json:"selector"`
		Labels          map[string]string `json:"labels"`
		Volumes         []volume          `json:"volumes"`
		SubnetID        string            `json:"subnetId"`
		UnHubID         string            `json:"unHubId"`
	}
	portMapping struct {
		ContainerPort int    `json:"containerPort"`
		LBPort        int    `json:"lbPort"`
		NodePort      int    `json:"nodePort"`
		Protocol      string `json:"protocol"`
	}
	volume struct {
		Name     string `json:"name"`
		HostPath string `json:"hostPath"`
	}
	containerSpec struct {
		Name         string        `json:"containerName"`
		Image        string        `json:"image"`
		Envs         []env         `json:"envs"`
		VolumeMounts []volumeMount `json:"volumeMounts"`
		LiveProbe    *probe        `json:"liveProbe"`
		ReadyProbe   *probe        `json:"readyProbe"`
		CPU          int64         `json:"cpu"`
		CPULimits    int64         `json:"cpuLimits"`
		Memory       int64         `json:"memory"`
		MemoryLimits int64         `json:"memoryLimits"`
		Command      string        `json:"command"`
		Arguments    []string      `json:"arguments"`
	}
	env struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	volumeMount struct {
		VolumeName string `json:"volumeName"`
		MountPath  string `json:"mountPath"`
		Mode       string `json:"mode"` // ro or rw
	}
	probe struct {
		CheckMethod  string        `json:"checkMethod"`
		HealthNum    int           `json:"healthNum"`
		UnhealthNum  int           `json:"unhealthNum"`
		IntervalTime int           `json:"intervalTime"`
		TimeOut      int           `json:"timeOut"`
		DelayTime    int           `json:"delayTime"`
		TCP          *tcpCheck     `json:"methodTcp"`
		HTTP         *httpCheck    `json:"methodHttp"`
		Command      *commandCheck `json:"methodCmd"`
	}
	tcpCheck struct {
		Port int `json:"port"`
	}
	httpCheck struct {
		Port     int    `json:"port"`
		Protocol string `json:"protocol"`
		Path     string `json:"path"`
	}
	commandCheck struct {
		Cmd string `json:"cmd"`
	}

	eventList struct {
		Events []eventAnswer `json:"eventList"`
	}
	eventAnswer struct {
		FirstSeen string `json:"firstSeen"`
		LastSeen  string `json:"lastSeen"`
		Count     int64  `json:"count"`
		Level     string `json:"level"`
		ObjType   string `json:"objType"`
		ObjName   string `json:"objName"`
		Reason    string `json:"reason"`
		Message   string `json:"message"`
	}

	instanceList struct {
		TotalCount int              `json:"totalCount"`
		Instances  []instanceAnswer `json:"instances"`
	}
	instanceAnswer struct {
		Name         string            `json:"name"`
		Status       string            `json:"status"`
		Reason       string            `json:"reason"`
		IP           string            `json:"ip"`
		RestartCount int               `json:"restartCount"`
		ReadyCount   int               `json:"readyCount"`
		NodeName     string            `json:"nodeName"`
		NodeIP       string            `json:"nodeIp"`
		CreatedAt    string            `json:"createdAt"`
		Containers   []containerAnswer `json:"containers"`
	}
	containerAnswer struct {
		Name        string `json:"name"`
		ContainerID string `json:"containerId"`
		Status      string `json:"status"`
		Reason      string `json:"reason"`
		Image       string `json:"image"`
	}

	namespaceList struct {
		TotalCount int               `json:"totalCount"`
		Namespaces []namespaceAnswer `json:"namespaces"`
	}
	namespaceAnswer struct {
		Name        string `json:"name"`
		Status      string `json:"status"`
		Description string `json:"description"`
		CreatedAt   string `json:"createdAt"`
	}
)
