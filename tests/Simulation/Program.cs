return Pawl.Simulation.CommandLine.Run(args);
