"""Whether the cluster keeps its promises: processes killed, services restarted, hours watched, cameras added."""
